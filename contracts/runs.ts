/** Runs: what a participant's page sends, what a researcher sees and opens. */
import * as z from 'zod'
import { maxChunkBytes, maxChunkRecords, ops } from '../domain/runs/records.ts'
import { bounds } from '../domain/bounds.ts'
import { runStates } from '../domain/runs/life.ts'
import { runEntities } from './runs.entities.ts'
import { area, route } from './route.ts'
import { Instant, LinkCode, Name, page, RunId, Sha256, Signed, StudyId } from './shapes.ts'

export const PublicKey = z.object({
  kid: z.string(),
  jwk: z.object({ kty: z.literal('RSA'), n: z.string(), e: z.string() }).loose(),
})
/** Bytes too large for a chunk, sealed and stored as an object: their size and SHA-256 as stored. */
export const SealedObject = z.object({
  sha256: Sha256,
  size: z
    .int()
    .min(1)
    .max(1024 ** 3),
})

/**
 * One sealed record. `jwe` is compact (RFC 7516), `alg: dir`, `enc: A256GCM`; its header repeats run, seq, op and part.
 */
export const SealedRecord = z.object({
  op: z.enum(ops),
  part: z.string().regex(/^[A-Za-z0-9_.-]{1,60}$/),
  jwe: z
    .string()
    .max(maxChunkBytes)
    .regex(/^[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+$/, 'A compact JWE with a direct key'),
  object: SealedObject.optional(),
  end: z
    .object({
      last: z.int().min(1).describe('The seq of this record'),
      hash: Sha256.describe('Over the hashes of records 1..last-1'),
    })
    .optional(),
})
export const Acked = z.object({
  through: z.int().min(0).describe('Every record up to here is stored (a lower bound between two full counts)'),
  ranges: z
    .array(z.tuple([z.int(), z.int()]))
    .describe('Stored ranges after `through` that are known without counting'),
})
/** How a run stands, to its own page. `finish` comes only when the run is completed or aborted. */
export const RunStanding = z.object({
  state: z.enum(runStates),
  acked: Acked,
  missing: z.int().optional(),
  finish: z.object({ redirect: z.string().optional(), runCode: z.string(), withdrawalCode: z.string() }).optional(),
})
export const Participation = z.object({
  study: z.object({
    title: z.string(),
    language: z.string(),
    kind: z.enum(['timeline', 'web']),
    organisation: z.string(),
    progress: z.boolean(),
    minimumWidth: z.int().optional(),
    minimumHeight: z.int().optional(),
    needs: z.array(z.string()).describe('e.g. keyboard, audio, fullscreen'),
  }),
  preview: z.boolean(),
  repeats: z.boolean().optional().describe('A finished participant may take part again (personal and preview links)'),
  outsideIdParameter: z.string().optional(),
  version: z.int(),
  contentHash: Sha256,
  entry: z.string().optional().describe('For plain web studies: the page to open'),
  assets: z.array(z.object({ path: z.string(), size: z.int(), type: z.string() })),
  key: PublicKey,
})
export const RunRow = z.object({
  runId: RunId,
  studyId: StudyId,
  state: z.enum(runStates),
  condition: z.string(),
  version: z.int(),
  preview: z.boolean(),
  link: z.string(),
  linkLabel: z.string(),
  started: Instant,
  last: Instant,
  ended: Instant.optional(),
  seconds: z.int().describe('From start to the last record'),
  received: z.int(),
  produced: z.int(),
  missing: z.int(),
  position: z.int(),
  bytes: z.int(),
  conflicts: z.int(),
  pseudonym: z.string().optional().describe('Only with the right to see pseudonyms'),
})
export const Overview = z.object({
  runs: z.int(),
  byState: z.record(z.enum(runStates), z.int()),
  byCondition: z.array(z.object({ condition: z.string(), states: z.record(z.enum(runStates), z.int()) })),
  arrivals: z
    .array(z.object({ at: Instant, started: z.int(), completed: z.int() }))
    .describe('Per bucket of `bucketSeconds`'),
  bucketSeconds: z.int(),
  medianSeconds: z.int().optional().describe('Of completed runs'),
  dropOut: z.array(z.object({ position: z.int(), reached: z.int() })).describe('How many runs got at least this far'),
  loss: z.object({ sent: z.int(), acknowledged: z.int(), missing: z.int() }),
  lastArrival: Instant.optional(),
  previews: z.int(),
  conflicts: z.int(),
  asOf: Instant,
})
/** What a page says of itself is added up over runs: a bound keeps one hostile page from breaking the sum. */
const highestCount = 20_000_000
const run = z.object({ runId: RunId })
const code = z.object({ code: LinkCode })
const study = z.object({ studyId: StudyId })
const linkProblems = ['not-found', 'study-not-open', 'study-closed', 'study-full', 'link-used', 'link-expired'] as const

export const runs = area(
  'runs',
  'Runs: collection by the participant’s page, sealed results for the researcher',
  runEntities,
  {
    participation: route({
      method: 'GET',
      path: '/api/participate/{code}',
      function: 'ingest',
      access: { kind: 'anyone' },
      status: 200,
      summary: 'What is behind a participant’s link',
      params: code,
      query: z.object({
        nonce: z
          .string()
          .min(16)
          .max(64)
          .optional()
          .describe('Of a run this browser has started: a used single link still answers it'),
      }),
      response: Participation,
      problems: linkProblems,
      grants: ['read LINK', 'read STUDY', 'read ORG', 'read RUN', 'get assets', 'public-key'],
    }),
    start: route({
      method: 'POST',
      path: '/api/participate/{code}/runs',
      function: 'ingest',
      access: { kind: 'anyone' },
      status: 201,
      summary: 'Start a run, or get back the one this browser started',
      detail:
        'The same link and nonce always answer the same run and token. The wrapped run key is stored with the run before anything else can be.',
      params: code,
      body: z.object({
        nonce: z
          .string()
          .min(16)
          .max(64)
          .regex(/^[A-Za-z0-9_-]+$/),
        kid: z.string().max(300),
        wrappedKey: z
          .string()
          .max(1024)
          .regex(/^[A-Za-z0-9_-]+$/)
          .describe('RSA-OAEP-256 of the 32-byte run key, base64url'),
        outsideId: z.string().min(1).max(200).optional(),
      }),
      response: z.object({
        runId: RunId,
        token: z.string(),
        condition: z.string(),
        seed: z.int(),
        version: z.int(),
        contentHash: Sha256,
        standing: RunStanding,
      }),
      problems: [...linkProblems, 'run-withdrawn'],
      grants: [
        'read LINK',
        'write LINK',
        'read STUDY',
        'write STUDY',
        'read ORG',
        'read RUN',
        'write RUN',
        'public-key',
        'mac',
      ],
    }),
    append: route({
      method: 'POST',
      path: '/api/runs/{runId}/records',
      function: 'ingest',
      access: { kind: 'run-token' },
      status: 200,
      summary: 'Store a chunk of records; first write wins',
      detail: `At most ${maxChunkRecords} records or ${maxChunkBytes / 1000} KB. The same bytes again are acknowledged again; other bytes under a used number are refused and counted.`,
      params: run,
      maxBody: 2 * maxChunkBytes,
      body: z.object({
        first: z.int().min(1).max(10_000_000),
        records: z.array(SealedRecord).min(1).max(maxChunkRecords),
        produced: z.int().min(1).max(highestCount).describe('Highest seq the page has made so far'),
        position: z.int().min(0).max(highestCount).default(0).describe('Trials finished so far'),
      }),
      response: RunStanding,
      problems: ['record-conflict', 'run-finished', 'run-withdrawn', 'bound-reached'],
      grants: ['read RUN', 'write RUN', 'read LINK', 'read STUDY', 'write STUDY', 'get sealed', 'delete sealed', 'mac'],
    }),
    standing: route({
      method: 'GET',
      path: '/api/runs/{runId}/records',
      function: 'ingest',
      access: { kind: 'run-token' },
      status: 200,
      summary: 'What is stored of a run, counted exactly',
      params: run,
      response: RunStanding,
      problems: ['run-withdrawn'],
      grants: ['read RUN', 'read LINK', 'mac'],
    }),
    uploads: route({
      method: 'POST',
      path: '/api/runs/{runId}/objects',
      function: 'ingest',
      access: { kind: 'run-token' },
      status: 200,
      summary: 'A signed link for a sealed object',
      detail: `A run may have ${bounds.run.objects} objects. The link works for a quarter of an hour, and not after a withdrawal.`,
      params: run,
      body: SealedObject,
      response: z.object({ present: z.boolean(), upload: Signed.optional() }),
      problems: ['run-finished', 'run-withdrawn', 'bound-reached'],
      grants: ['read RUN', 'write RUN', 'read LINK', 'write LINK', 'get sealed', 'put sealed'],
    }),
    withdraw: route({
      method: 'POST',
      path: '/api/withdraw',
      function: 'withdraw',
      access: { kind: 'anyone' },
      status: 200,
      summary: 'A participant withdraws with the codes of the receipt',
      detail: 'Destroys the run’s key and records; a tombstone remains. Repeating it answers the same.',
      body: z.object({ runCode: z.string().max(60), withdrawalCode: z.string().max(60) }),
      response: z.object({ withdrawn: Instant }),
      problems: ['not-found'],
      grants: [
        'read RUN',
        'write RUN',
        'read STUDY',
        'write STUDY',
        'get sealed',
        'delete sealed',
        'mac',
        'read AUDIT',
        'write AUDIT',
      ],
    }),
    overview: route({
      method: 'GET',
      path: '/api/studies/{studyId}/overview',
      function: 'runs',
      access: { kind: 'study', permission: 'study.aggregates' },
      status: 200,
      summary: 'A study’s runs in figures, live',
      params: study,
      response: Overview,
      problems: [],
      grants: ['read ORG', 'read STUDY', 'read RUN'],
    }),
    list: route({
      method: 'GET',
      path: '/api/studies/{studyId}/runs',
      function: 'runs',
      access: { kind: 'study', permission: 'runs.rows' },
      status: 200,
      summary: 'Runs of a study, newest first, without content',
      params: study,
      query: z.object({
        after: z.string().max(500).optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
        state: z.enum(runStates).optional(),
        condition: z.string().max(120).optional(),
        preview: z.enum(['true', 'false']).optional(),
      }),
      response: page(RunRow),
      problems: [],
      grants: ['read ORG', 'read STUDY', 'read RUN', 'read LINK'],
    }),
    run: route({
      method: 'GET',
      path: '/api/runs/{runId}',
      function: 'runs',
      access: { kind: 'run', permission: 'runs.rows' },
      status: 200,
      summary: 'One run, counted exactly, without content',
      params: run,
      response: RunRow,
      problems: [],
      grants: ['read ORG', 'read STUDY', 'read RUN', 'read LINK'],
    }),
    open: route({
      method: 'POST',
      path: '/api/studies/{studyId}/opening',
      function: 'opening',
      access: { kind: 'study', permission: 'runs.open', recentLogin: true },
      status: 200,
      summary: 'Open results: hands out run keys, one audit event per run',
      detail:
        'Needs a login at most 15 minutes old and a stated purpose. Decryption happens at the caller’s; the server never decrypts a record.',
      params: study,
      body: z.object({
        purpose: z
          .string()
          .trim()
          .min(10, 'Say what for, in at least 10 characters')
          .max(500)
          .regex(/\p{L}.*\p{L}.*\p{L}/su, 'Say what for, in words'),
        runIds: z.array(RunId).min(1).max(50),
      }),
      response: z.object({
        runs: z.array(
          z.object({ runId: RunId, key: z.string().describe('The 32-byte run key, base64url'), row: RunRow }),
        ),
      }),
      problems: ['run-withdrawn'],
      grants: ['read ORG', 'read STUDY', 'read RUN', 'unwrap', 'read LINK', 'read AUDIT', 'write AUDIT'],
    }),
    sealed: route({
      method: 'GET',
      path: '/api/runs/{runId}/sealed',
      function: 'opening',
      access: { kind: 'run', permission: 'runs.open' },
      status: 200,
      summary: 'The sealed records of a run, in order',
      params: run,
      query: z.object({ from: z.coerce.number().int().min(1).default(1) }),
      response: z.object({
        records: z.array(SealedRecord.extend({ seq: z.int(), download: Signed.optional() })),
        next: z.int().optional().describe('Send back as `from`'),
      }),
      problems: ['run-withdrawn'],
      grants: ['read ORG', 'read STUDY', 'read RUN', 'get sealed'],
    }),
    withdrawRun: route({
      method: 'POST',
      path: '/api/runs/{runId}/withdraw',
      function: 'withdraw',
      access: { kind: 'run', permission: 'runs.withdraw' },
      status: 200,
      summary: 'Withdraw a run on a participant’s request',
      params: run,
      body: z.object({ reason: Name }),
      response: z.object({ withdrawn: Instant }),
      problems: [],
      grants: [
        'read ORG',
        'read RUN',
        'write RUN',
        'read STUDY',
        'write STUDY',
        'get sealed',
        'delete sealed',
        'read AUDIT',
        'write AUDIT',
      ],
    }),
  },
)
