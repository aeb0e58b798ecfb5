/** The audit chain of an organisation. */
import * as z from 'zod'
import { acts } from '../domain/audit/acts.ts'
import { auditEntities } from './audit.entities.ts'
import { area, route } from './route.ts'
import { Instant, OrganisationId, Sha256 } from './shapes.ts'

export const AuditEvent = z.object({
  seq: z.int().min(1),
  at: Instant,
  act: z.enum(acts),
  who: z.object({
    kind: z.enum(['person', 'token', 'participant', 'platform']),
    id: z.string(),
    name: z.string().optional(),
  }),
  /** What it was done to, e.g. `study std_…`, `run run_…`. */
  object: z.string(),
  /** Ids, codes, counts and stated purposes; never a value of anybody's data. */
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
  previous: Sha256,
  hash: Sha256,
})
const org = z.object({ organisationId: OrganisationId })

export const audit = area('audit', 'The hash chain of everything sensitive that was done', auditEntities, {
  events: route({
    method: 'GET',
    path: '/api/organisations/{organisationId}/audit',
    function: 'audit',
    access: { kind: 'organisation', permission: 'audit.read' },
    status: 200,
    summary: 'Events of the chain',
    detail:
      '`from` and up, oldest first; or `before` and down, newest first (the default is the newest page). `object` filters to one object’s history within the page read.',
    params: org,
    query: z.object({
      from: z.coerce.number().int().min(1).optional(),
      before: z.coerce.number().int().min(1).optional(),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
    response: z.object({
      items: z.array(AuditEvent),
      head: z
        .object({ seq: z.int(), hash: Sha256 })
        .describe('The newest event; seq 0 and a hash of zeros for an empty chain'),
    }),
    problems: [],
    grants: ['read ORG', 'read AUDIT'],
  }),
  objectHistory: route({
    method: 'GET',
    path: '/api/studies/{studyId}/history',
    function: 'audit',
    access: { kind: 'study', permission: 'study.read' },
    status: 200,
    summary: 'What was done to a study, newest first',
    params: z.object({ studyId: z.string().regex(/^std_[a-z2-7]{16,32}$/) }),
    query: z.object({ before: z.coerce.number().int().min(1).optional() }),
    response: z.object({ items: z.array(AuditEvent), next: z.int().optional().describe('Send back as `before`') }),
    problems: [],
    grants: ['read ORG', 'read STUDY', 'read AUDIT'],
  }),
  verify: route({
    method: 'GET',
    path: '/api/organisations/{organisationId}/audit/verification',
    function: 'audit',
    access: { kind: 'organisation', permission: 'audit.read' },
    status: 200,
    summary: 'The server walks the chain and says whether it is whole',
    detail:
      'Walks up to 5,000 events from `from`; continue with `checkedThrough + 1` and `hash`. Do not take the server’s word: `cloister audit verify` and the portal walk the events themselves.',
    params: org,
    query: z.object({ from: z.coerce.number().int().min(1).default(1), previous: Sha256.optional() }),
    response: z.object({
      whole: z.boolean(),
      checkedThrough: z.int(),
      hash: Sha256,
      head: z.int(),
      firstBreak: z.object({ seq: z.int(), reason: z.enum(['altered', 'missing', 'relinked']) }).optional(),
    }),
    problems: [],
    grants: ['read ORG', 'read AUDIT'],
  }),
})
