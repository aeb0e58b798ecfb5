/** Shapes that more than one area speaks of. */
import * as z from 'zod'

const id = (prefix: string, what: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[a-z2-7]{16,32}$`), `${what} ids look like ${prefix}_ and 16-32 letters and digits`)

export const OrganisationId = id('org', 'Organisation')
export const StudyId = id('std', 'Study')
export const RunId = id('run', 'Run')
export const TokenId = id('tok', 'Token')
export const DatasetId = id('dat', 'Dataset')
export const JobId = id('job', 'Job')
export const SynthesisId = id('syn', 'Synthesis')
export const PipelineId = id('pip', 'Pipeline')
export const ExperimentId = id('exp', 'Experiment')
export const UserId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[A-Za-z0-9_-]+$/)
export const LinkCode = z.string().regex(/^[a-z2-7]{20}$/, 'A link code is 20 letters and digits')
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'A SHA-256 is 64 lower-case hex digits')
export const Instant = z.iso.datetime().describe('UTC, ISO 8601')
/**
 * One line that people read: no control characters, nothing that reverses the direction of text (it would read as
 * something else), and something to see.
 */
export const Name = z
  .string()
  .trim()
  .min(1)
  .max(120)
  .regex(/^[^\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/u, 'One line, without control characters')
  .refine((n) => /[\p{L}\p{N}\p{P}\p{S}]/u.test(n), 'Something that can be read')
export const Email = z.email().max(254)
export const Version = z.coerce.number().int().min(1).max(999_999)
export const Rev = z.int().min(1).describe('Version of the item: send it back to change what you saw')

/** A page of a list. `next` goes back as `after`. */
export const page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().optional() })
export const PageQuery = z.object({
  after: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})
export const Nothing = z.undefined()

export const Signed = z.object({
  method: z.enum(['PUT', 'GET']),
  url: z.string().describe('Absolute, expires'),
  headers: z.record(z.string(), z.string()),
  expires: Instant,
})
