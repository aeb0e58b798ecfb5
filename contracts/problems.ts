/** Every kind of problem the API can answer with (RFC 9457). The kind is stable; `type` is `/docs/problems#<kind>`. */
import * as z from 'zod'

export const problems = {
  'invalid-request': { status: 400, title: 'The request is not well formed' },
  'sign-in-required': { status: 401, title: 'Sign in first' },
  'run-token-invalid': { status: 401, title: 'This run needs its own token' },
  'login-too-old': { status: 403, title: 'Sign in again to do this' },
  'second-factor-needed': { status: 403, title: 'This organisation asks for a second factor' },
  forbidden: { status: 403, title: 'Your role or rights do not allow this' },
  'not-found': { status: 404, title: 'Not found' },
  'already-exists': { status: 409, title: 'This exists already' },
  'changed-meanwhile': { status: 409, title: 'Somebody changed this meanwhile' },
  'wrong-state': { status: 409, title: 'Not possible in the present state' },
  'last-admin': { status: 409, title: 'An organisation needs an admin' },
  'asset-missing': { status: 409, title: 'An asset has not been uploaded' },
  'record-conflict': { status: 409, title: 'Other bytes are stored under this sequence number' },
  'run-finished': { status: 409, title: 'This run is finished' },
  'run-withdrawn': { status: 410, title: 'This run was withdrawn' },
  'study-not-open': { status: 409, title: 'This study is not open yet' },
  'study-closed': { status: 410, title: 'This study is closed' },
  'study-full': { status: 409, title: 'This study has all the participants it needs' },
  'link-used': { status: 409, title: 'This link has been used' },
  'link-expired': { status: 410, title: 'This link has expired' },
  'invitation-expired': { status: 410, title: 'This invitation has expired' },
  'device-pending': { status: 409, title: 'Not approved yet' },
  'device-expired': { status: 410, title: 'This sign-in code has expired' },
  'payload-too-large': { status: 413, title: 'The request is too large' },
  'invalid-configuration': { status: 422, title: 'The study configuration has errors' },
  'redirect-not-allowed': { status: 422, title: 'The study does not allow this redirect host' },
  'invalid-schema': { status: 422, title: 'The declared schema does not fit' },
  'invalid-cohort': { status: 422, title: 'The cohort’s filters do not fit the declared schema' },
  'invalid-query': { status: 422, title: 'The query cannot be answered' },
  'invalid-plan': { status: 422, title: 'The plan for the synthetic table does not fit' },
  'invalid-pipeline': { status: 422, title: 'The pipeline’s definition has errors' },
  'invalid-run': { status: 422, title: 'This run cannot start as it is' },
  'policy-forbids': { status: 403, title: 'The dataset’s policy does not allow this' },
  'budget-exhausted': { status: 409, title: 'The privacy budget does not cover this' },
  'too-many-at-once': { status: 429, title: 'Too many at once' },
  'bound-reached': { status: 409, title: 'The platform takes no more of this' },
  'too-many-jobs': { status: 429, title: 'Too many analyses at once' },
  'result-not-released': { status: 409, title: 'Nothing was released' },
  'own-output': { status: 403, title: 'Nobody checks their own output' },
  'not-ready': { status: 503, title: 'The platform cannot do its work now' },
  busy: { status: 503, title: 'The platform has too much to do at the moment' },
  internal: { status: 500, title: 'Something went wrong on our side' },
} as const satisfies Record<string, { status: number; title: string }>

export type Kind = keyof typeof problems

/**
 * One field that was wrong: where (JSON pointer), what was wrong, what is expected. Values are echoed only for requests
 * the caller made.
 */
export const FieldError = z.object({
  path: z.string().describe('JSON pointer into the request, e.g. /configuration/timeline/2/type'),
  message: z.string(),
  value: z.unknown().optional(),
  expected: z.string().optional(),
})
export type FieldError = z.infer<typeof FieldError>

export const Problem = z
  .object({
    type: z.string(),
    kind: z.enum(Object.keys(problems) as [Kind, ...Kind[]]),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What was wrong and what to do next, in a sentence'),
    instance: z.string().optional().describe('The request id, to quote when asking for help'),
    errors: z.array(FieldError).optional(),
  })
  .loose()
export type Problem = z.infer<typeof Problem>
