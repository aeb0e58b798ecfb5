/**
 * The local host in a process of its own, for benches: starts it on a fresh home, plants one organisation with an
 * admin's access token, and says where everything is. Ends with its parent.
 */
import { randomBytes } from 'node:crypto'
import { base64url, sha256Hex } from '../domain/hash.ts'
import { scopes } from '../domain/access/permissions.ts'
import { newId } from '../functions/kernel/ids.ts'
import { keyOf, type MemberItem, type OrganisationItem, type TokenItem } from '../functions/kernel/items.ts'
import { startHost } from '../local/host.ts'

export interface Ready {
  mainOrigin: string
  organisationId: string
  kid: string
  token: string
  pid: number
}

const [, , port, home] = process.argv as [string, string, string, string]
const host = await startHost({ port: Number(port), home, quiet: true, demo: false })
const { deps, mainOrigin } = host
const organisationId = newId(deps, 'org')
const kid = await deps.keys.createKey(organisationId)
const since = new Date().toISOString()
const userId = 'bench'
await deps.table.create<OrganisationItem>({
  ...keyOf.organisation(organisationId),
  organisationId,
  name: 'Bench',
  kid,
  created: since,
})
await deps.table.create<MemberItem>({
  ...keyOf.member(organisationId, userId),
  gpk: `USER#${userId}`,
  gsk: `ORG#${organisationId}`,
  organisationId,
  organisation: 'Bench',
  userId,
  roles: ['admin', 'researcher'],
  since,
})
const secret = base64url(randomBytes(32))
const tokenId = newId(deps, 'tok')
await deps.table.create<TokenItem>({
  ...keyOf.token(tokenId),
  gpk: `USER#${userId}`,
  gsk: `TOKEN#${since}`,
  tokenId,
  userId,
  name: 'bench',
  scopes: [...scopes],
  hash: await sha256Hex(secret),
  created: since,
  expires: new Date(Date.now() + 86_400_000).toISOString(),
  loginAt: Math.floor(Date.now() / 1000),
  madeBy: 'portal',
})
const stop = (): void => {
  void host.close().then(() => process.exit(0))
}
// What the host has used of the processors, in milliseconds: its own thread and those below it.
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send!((user + system) / 1000)
})
process.on('disconnect', stop)
process.on('SIGTERM', stop)
process.send!({
  mainOrigin,
  organisationId,
  kid,
  token: `clo_${tokenId.slice(4)}_${secret}`,
  pid: process.pid,
} satisfies Ready)
