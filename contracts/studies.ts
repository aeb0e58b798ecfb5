/** Studies: versions, assets, links, people. */
import * as z from 'zod'
import { bounds } from '../domain/bounds.ts'
import { studyRights } from '../domain/access/permissions.ts'
import { linkKinds } from '../domain/studies/links.ts'
import { runtimes, studyStates } from '../domain/studies/life.ts'
import { studyEntities } from './studies.entities.ts'
import { area, route, starting } from './route.ts'
import {
  Instant,
  LinkCode,
  Name,
  Nothing,
  OrganisationId,
  page,
  PageQuery,
  Rev,
  Sha256,
  Signed,
  StudyId,
  UserId,
  Version,
} from './shapes.ts'

/** A path inside a study: relative, forward slashes, no dot segments. */
export const AssetPath = z
  .string()
  .min(1)
  .max(300)
  .refine(
    (path) =>
      !path.startsWith('/') &&
      !path.includes('\\') &&
      path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..') &&
      !/[\u0000-\u001f\u007f?#%]/.test(path),
    'A relative path with forward slashes, without . or .. and without ? # %',
  )
const MediaType = z
  .string()
  .max(100)
  .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(;[\x20-\x7e]*)?$/, 'A media type such as image/png')
export const Asset = z.object({
  path: AssetPath,
  sha256: Sha256,
  size: z
    .int()
    .min(0)
    .max(5 * 1024 ** 3),
  type: MediaType,
})
export const RedirectHost = z
  .string()
  .toLowerCase()
  .regex(
    /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
    'A host name such as app.prolific.com',
  )

export const Study = z.object({
  studyId: StudyId,
  organisationId: OrganisationId,
  title: Name,
  description: z.string().max(4000),
  state: z.enum(studyStates),
  runtime: z.enum(runtimes),
  redirectHosts: z.array(RedirectHost),
  version: z.int().min(0).describe('Newest published version; 0 before the first'),
  created: Instant,
  changed: Instant,
  rev: Rev,
  rights: z.array(z.enum(studyRights)).describe('What you may do with this study'),
})
export const StudyVersion = z.object({
  version: z.int().min(1),
  contentHash: Sha256,
  kind: z.enum(['timeline', 'web']),
  note: z.string(),
  published: Instant,
  publishedBy: z.string(),
  assets: z.int(),
  bytes: z.int(),
})
export const StudyVersionFull = StudyVersion.extend({
  configuration: z.record(z.string(), z.unknown()),
  files: z.array(Asset),
})
export const DiffLine = z.object({
  path: z.string(),
  change: z.enum(['added', 'removed', 'changed']),
  before: z.string().optional(),
  after: z.string().optional(),
})
export const Link = z.object({
  code: LinkCode,
  url: z.url(),
  kind: z.enum(linkKinds),
  label: z.string(),
  created: Instant,
  expires: Instant,
  quota: z.int().optional(),
  started: z.int(),
  revoked: z.boolean(),
  state: z.enum(['open', 'expired', 'used', 'full', 'revoked']),
  completionUrl: z.string().optional(),
  abortUrl: z.string().optional(),
  outsideIdParameter: z.string().optional(),
})
export const StudyPerson = z.object({
  userId: UserId,
  name: z.string(),
  email: z.string(),
  rights: z.array(z.enum(studyRights)),
  since: Instant,
  rev: Rev,
})

const study = z.object({ studyId: StudyId })
const Redirect = z
  .string()
  .max(1000)
  .describe(
    'https address; placeholders {runId}, {outsideId}, {state} and {parameter:NAME} are filled in the participant’s browser',
  )

export const studies = area('studies', 'Studies: publish, launch, share', studyEntities, {
  list: route({
    method: 'GET',
    path: '/api/organisations/{organisationId}/studies',
    function: 'studies',
    access: { kind: 'organisation', permission: 'studies.list' },
    status: 200,
    summary: 'Studies that I may see',
    params: z.object({ organisationId: OrganisationId }),
    query: PageQuery,
    response: page(Study),
    problems: [],
    grants: ['read ORG', 'read STUDY', 'read USER'],
  }),
  create: route({
    method: 'POST',
    path: '/api/organisations/{organisationId}/studies',
    function: 'studies',
    access: { kind: 'organisation', permission: 'studies.create' },
    status: 201,
    summary: 'Create a study, as a draft',
    detail: 'You get every right on it. The same `requestId` answers the same study.',
    params: z.object({ organisationId: OrganisationId }),
    body: z.object({ title: Name, description: z.string().max(4000).default(''), requestId: z.uuid() }),
    response: Study,
    starts: 'found',
    problems: [],
    grants: [...starting, 'read ORG', 'read STUDY', 'write STUDY', 'read AUDIT', 'write AUDIT'],
  }),
  study: route({
    method: 'GET',
    path: '/api/studies/{studyId}',
    function: 'studies',
    access: { kind: 'study', permission: 'study.read' },
    status: 200,
    summary: 'One study',
    params: study,
    response: Study,
    problems: [],
    grants: ['read ORG', 'read STUDY'],
  }),
  change: route({
    method: 'PATCH',
    path: '/api/studies/{studyId}',
    function: 'studies',
    access: { kind: 'study', permission: 'study.edit' },
    status: 200,
    summary: 'Change title, description, runtime or redirect hosts',
    params: study,
    body: z.object({
      title: Name.optional(),
      description: z.string().max(4000).optional(),
      runtime: z.enum(runtimes).optional(),
      redirectHosts: z.array(RedirectHost).max(20).optional(),
      rev: Rev,
    }),
    response: Study,
    problems: ['changed-meanwhile'],
    grants: ['read ORG', 'read STUDY', 'write STUDY', 'read AUDIT', 'write AUDIT'],
  }),
  setState: route({
    method: 'POST',
    path: '/api/studies/{studyId}/state',
    function: 'studies',
    access: { kind: 'study', permission: 'study.edit' },
    status: 200,
    summary: 'Launch, pause, resume or close',
    params: study,
    body: z.object({ state: z.enum(studyStates), rev: Rev }),
    response: Study,
    problems: ['wrong-state', 'changed-meanwhile'],
    grants: ['read ORG', 'read STUDY', 'write STUDY', 'read AUDIT', 'write AUDIT'],
  }),
  remove: route({
    method: 'DELETE',
    path: '/api/studies/{studyId}',
    function: 'studies',
    access: { kind: 'study', permission: 'study.delete' },
    status: 204,
    summary: 'Delete a draft or closed study that holds no results',
    params: study,
    query: z.object({ title: z.string().describe('The study’s title, to be sure') }),
    response: Nothing,
    problems: ['wrong-state'],
    grants: ['read ORG', 'read STUDY', 'write STUDY', 'write LINK', 'write RUN', 'read AUDIT', 'write AUDIT'],
  }),
  duplicate: route({
    method: 'POST',
    path: '/api/studies/{studyId}/duplicate',
    function: 'studies',
    access: { kind: 'study', permission: 'study.edit' },
    status: 201,
    summary: 'Copy a study with its newest version, without links, people and runs',
    params: study,
    body: z.object({ title: Name, requestId: z.uuid() }),
    response: Study,
    starts: 'found',
    problems: [],
    grants: [
      ...starting,
      'read ORG',
      'read STUDY',
      'write STUDY',
      'get assets',
      'put assets',
      'read AUDIT',
      'write AUDIT',
    ],
  }),
  uploads: route({
    method: 'POST',
    path: '/api/studies/{studyId}/uploads',
    function: 'studies',
    access: { kind: 'study', permission: 'study.edit' },
    status: 200,
    summary: 'Signed links to upload assets; what is stored already needs none',
    params: study,
    body: z.object({ assets: z.array(Asset).min(1).max(500) }),
    response: z.object({
      assets: z.array(z.object({ path: z.string(), sha256: Sha256, present: z.boolean(), upload: Signed.optional() })),
    }),
    problems: [],
    grants: ['read ORG', 'read STUDY', 'write STUDY', 'get assets', 'put assets'],
  }),
  publish: route({
    method: 'POST',
    path: '/api/studies/{studyId}/versions',
    function: 'studies',
    access: { kind: 'study', permission: 'study.edit' },
    status: 201,
    summary: 'Publish a version: configuration and assets, immutable',
    detail:
      'Publishing what is the newest version already answers that version. Assets must have been uploaded. `expects` guards against publishing over somebody else’s version.',
    params: study,
    maxBody: 4 * 1024 * 1024,
    body: z.object({
      configuration: z.record(z.string(), z.unknown()),
      assets: z.array(Asset).max(bounds.study.files),
      note: z.string().max(1000).default(''),
      expects: z.int().min(0).optional(),
    }),
    response: StudyVersion,
    starts: 'kept',
    problems: ['invalid-configuration', 'asset-missing', 'changed-meanwhile', 'bound-reached'],
    grants: [
      ...starting,
      'read ORG',
      'read STUDY',
      'write STUDY',
      'get assets',
      'put assets',
      'read AUDIT',
      'write AUDIT',
    ],
  }),
  versions: route({
    method: 'GET',
    path: '/api/studies/{studyId}/versions',
    function: 'studies',
    access: { kind: 'study', permission: 'study.read' },
    status: 200,
    summary: 'Published versions, newest first',
    params: study,
    query: PageQuery,
    response: page(StudyVersion),
    problems: [],
    grants: ['read ORG', 'read STUDY'],
  }),
  version: route({
    method: 'GET',
    path: '/api/studies/{studyId}/versions/{version}',
    function: 'studies',
    access: { kind: 'study', permission: 'study.read' },
    status: 200,
    summary: 'One version with its configuration and files',
    params: study.extend({ version: Version }),
    response: StudyVersionFull,
    problems: [],
    grants: ['read ORG', 'read STUDY', 'get assets'],
  }),
  diff: route({
    method: 'GET',
    path: '/api/studies/{studyId}/versions/{version}/diff',
    function: 'studies',
    access: { kind: 'study', permission: 'study.read' },
    status: 200,
    summary: 'What changed since another version',
    params: study.extend({ version: Version }),
    query: z.object({ from: Version }),
    response: z.object({
      from: z.int(),
      to: z.int(),
      configuration: z.array(DiffLine),
      assets: z.array(DiffLine),
      summary: z.string(),
    }),
    problems: [],
    grants: ['read ORG', 'read STUDY', 'get assets'],
  }),
  files: route({
    method: 'GET',
    path: '/api/studies/{studyId}/versions/{version}/files',
    function: 'studies',
    access: { kind: 'study', permission: 'study.read' },
    status: 200,
    summary: 'Signed links to download a version’s files (export)',
    params: study.extend({ version: Version }),
    response: z.object({ files: z.array(Asset.extend({ download: Signed })) }),
    problems: [],
    grants: ['read ORG', 'read STUDY', 'get assets', 'read AUDIT', 'write AUDIT'],
  }),
  links: route({
    method: 'GET',
    path: '/api/studies/{studyId}/links',
    function: 'studies',
    access: { kind: 'study', permission: 'study.edit' },
    status: 200,
    summary: 'Links of a study, newest first',
    params: study,
    query: PageQuery,
    response: page(Link),
    problems: [],
    grants: ['read ORG', 'read STUDY', 'read LINK'],
  }),
  createLink: route({
    method: 'POST',
    path: '/api/studies/{studyId}/links',
    function: 'studies',
    access: { kind: 'study', permission: 'study.edit' },
    status: 201,
    summary: 'Make a link for participants',
    detail:
      'general: many participants; single: one run; personal: one person, as often as they like; preview: never counts and works before launch.',
    params: study,
    body: z.object({
      kind: z.enum(linkKinds),
      label: z.string().trim().max(120).default(''),
      hours: z.int().min(1).max(720).default(72),
      quota: z.int().min(1).max(1_000_000).optional(),
      completionUrl: Redirect.optional(),
      abortUrl: Redirect.optional(),
      outsideIdParameter: z
        .string()
        .regex(/^[A-Za-z0-9_.-]{1,60}$/)
        .optional()
        .describe('URL parameter that carries the recruiter’s id, e.g. PROLIFIC_PID; stored only as a keyed hash'),
      outsideId: z
        .string()
        .min(1)
        .max(200)
        .optional()
        .describe('For a personal link: whose it is; stored only as a keyed hash'),
    }),
    response: Link,
    starts: 'kept',
    problems: ['wrong-state', 'redirect-not-allowed'],
    grants: [...starting, 'read ORG', 'read STUDY', 'read LINK', 'write LINK', 'mac', 'read AUDIT', 'write AUDIT'],
  }),
  revokeLink: route({
    method: 'DELETE',
    path: '/api/studies/{studyId}/links/{code}',
    function: 'studies',
    access: { kind: 'study', permission: 'study.edit' },
    status: 204,
    summary: 'Revoke a link; runs already started go on',
    params: study.extend({ code: LinkCode }),
    response: Nothing,
    problems: [],
    grants: ['read ORG', 'read STUDY', 'read LINK', 'write LINK', 'read AUDIT', 'write AUDIT'],
  }),
  people: route({
    method: 'GET',
    path: '/api/studies/{studyId}/people',
    function: 'studies',
    access: { kind: 'study', permission: 'study.people' },
    status: 200,
    summary: 'Who may do what with a study',
    params: study,
    query: PageQuery,
    response: page(StudyPerson),
    problems: [],
    grants: ['read ORG', 'read STUDY', 'read USER'],
  }),
  share: route({
    method: 'PUT',
    path: '/api/studies/{studyId}/people/{userId}',
    function: 'studies',
    access: { kind: 'study', permission: 'study.share' },
    status: 200,
    summary: 'Give a member of the organisation rights on a study',
    detail:
      'Nobody can give a right that they do not hold themselves, except an admin. Without `rights`: run analyses, see aggregates.',
    params: study.extend({ userId: UserId }),
    body: z.object({ rights: z.array(z.enum(studyRights)).default(['analyse', 'aggregates']) }),
    response: StudyPerson,
    problems: ['wrong-state'],
    grants: ['read ORG', 'read STUDY', 'write STUDY', 'read USER', 'read AUDIT', 'write AUDIT'],
  }),
  unshare: route({
    method: 'DELETE',
    path: '/api/studies/{studyId}/people/{userId}',
    function: 'studies',
    access: { kind: 'study', permission: 'study.unshare' },
    status: 204,
    summary: 'Remove a person from a study',
    params: study.extend({ userId: UserId }),
    response: Nothing,
    problems: [],
    grants: ['read ORG', 'read STUDY', 'write STUDY', 'read AUDIT', 'write AUDIT'],
  }),
})
