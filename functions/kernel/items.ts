/** What the table keeps, entity by entity (keys: docs/architecture.md, section 3). */
import type { Role, Scope, StudyRight } from '../../domain/access/permissions.ts'
import type { Condition } from '../../domain/runs/assignment.ts'
import type { LinkKind } from '../../domain/studies/links.ts'
import type { Runtime, StudyState } from '../../domain/studies/life.ts'
import type { RunState } from '../../domain/runs/life.ts'
import type { Key } from '../../ports/table.ts'

export interface PersonProfile { userId: string; name: string; email: string; seen: string }
export interface OrganisationItem { organisationId: string; name: string; kid: string; created: string }
export interface MemberItem { organisationId: string; organisation: string; userId: string; roles: Role[]; since: string }
export interface InvitationItem { invitationId: string; organisationId: string; email: string; roles: Role[]; created: string; expires: string; invitedBy: string }
export interface TokenItem { tokenId: string; userId: string; name: string; scopes: Scope[]; hash: string; created: string; expires: string; loginAt: number; lastUsed?: string; madeBy: 'portal' | 'device' }
export interface DeviceItem { userCode: string; secretHash: string; name: string; scopes: Scope[]; created: string; expires: string; state: 'pending' | 'approved' | 'collected'; userId?: string; loginAt?: number; days?: number }
export interface StudyItem {
  studyId: string; organisationId: string; title: string; description: string; state: StudyState; runtime: Runtime; redirectHosts: string[]
  version: number; created: string; changed: string
}
export interface StudyPersonItem { studyId: string; organisationId: string; userId: string; rights: StudyRight[]; since: string }
/** The configuration lies in the object store at `s/<contentHash>/.cloister/version.json`; the item keeps what lists show. */
export interface VersionItem { studyId: string; version: number; contentHash: string; kind: 'timeline' | 'web'; note: string; published: string; publishedBy: string; assets: number; bytes: number; conditions?: Condition[] }
export interface LinkItem {
  code: string; studyId: string; organisationId: string; kind: LinkKind; label: string; created: string; expires: string; quota?: number; started: number; revoked: boolean; usedBy?: string
  completionUrl?: string; abortUrl?: string; outsideIdParameter?: string; pseudonym?: string
  /** The newest runs that were counted in `started`, so that a retried start is not counted again. */
  recent?: string[]
}
export interface RunItem {
  runId: string; studyId: string; organisationId: string; code: string; version: number; contentHash: string; condition: string; seed: number; preview: boolean; pseudonym?: string
  state: RunState; started: string; last: string; ended?: string
  kid: string; wrappedKey?: string; tokenHash: string
  through: number; received: number; produced: number; position: number; bytes: number; conflicts: number; endSeq?: number; endHash?: string
  /** Bytes of the chunks that begin at or before `through`. */
  bytesThrough?: number
  /** Changes of its slot so far: odd while the run holds one (domain/runs/assignment.ts). */
  slot?: number
  /** The start is not finished: no link, no slot and no index entry yet. */
  pending?: true
  withdrawn?: string
}
export interface ChunkItem {
  first: number; last: number; records: { op: string; part: string; jwe: string; object?: { sha256: string; size: number }; end?: { last: number; hash: string } }[]; hashes: string[]; bytes: number; at: string
  /** Grows with every chunk of a run: what was stored first stands where chunks overlap. */
  order: number
  produced: number; position: number
  /** Of the run's end record, when it is in this chunk. */
  end?: { last: number; hash: string }
}

export const keyOf = {
  person: (userId: string): Key => ({ pk: `USER#${userId}`, sk: 'PROFILE' }),
  organisation: (id: string): Key => ({ pk: `ORG#${id}`, sk: 'ORG' }),
  member: (organisationId: string, userId: string): Key => ({ pk: `ORG#${organisationId}`, sk: `MEMBER#${userId}` }),
  invitation: (hash: string): Key => ({ pk: `INVITE#${hash}`, sk: 'INVITE' }),
  token: (id: string): Key => ({ pk: `TOKEN#${id}`, sk: 'TOKEN' }),
  device: (userCode: string): Key => ({ pk: `DEVICE#${userCode}`, sk: 'DEVICE' }),
  study: (id: string): Key => ({ pk: `STUDY#${id}`, sk: 'STUDY' }),
  studyPerson: (studyId: string, userId: string): Key => ({ pk: `STUDY#${studyId}`, sk: `PERSON#${userId}` }),
  version: (studyId: string, version: number): Key => ({ pk: `STUDY#${studyId}`, sk: `VERSION#${String(version).padStart(6, '0')}` }),
  assignment: (studyId: string, version: number): Key => ({ pk: `STUDY#${studyId}`, sk: `ASSIGN#${String(version).padStart(6, '0')}` }),
  link: (code: string): Key => ({ pk: `LINK#${code}`, sk: 'LINK' }),
  run: (id: string): Key => ({ pk: `RUN#${id}`, sk: 'RUN' }),
  chunk: (runId: string, first: number): Key => ({ pk: `RUN#${runId}`, sk: `C#${String(first).padStart(10, '0')}` }),
  /** Points at a run that the sweep must look at; indexed under RUN#DUE by when. */
  due: (runId: string): Key => ({ pk: `RUN#${runId}`, sk: 'DUE' }),
  auditEvent: (organisationId: string, seq: number): Key => ({ pk: `AUDIT#${organisationId}`, sk: String(seq).padStart(12, '0') }),
}
