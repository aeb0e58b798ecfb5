/**
 * Sign-in of tools, after RFC 8628: the tool gets a short code for a person to approve and a long secret for itself.
 * The token's id and secret follow from the tool's secret, so exactly one token comes of a code, and an answer that was
 * lost can be asked for again.
 */
import { base64url, sha256, sha256Hex } from '../../domain/hash.ts'
import type { access } from '../../contracts/access.ts'
import { AlreadyExists, ConditionFailed, type Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import { endedDays } from '../kernel/ends.ts'
import { goneAfter } from '../kernel/gone.ts'
import type { Implementation } from '../kernel/handler.ts'
import { derivedId } from '../kernel/ids.ts'
import { type DeviceItem, keyOf, type TokenItem } from '../kernel/items.ts'
import { countStart, validMs } from './device-starts.ts'
import { notByToken, recordEverywhere } from './people.ts'
import { formatToken, newSecret, sameDigest } from './secrets.ts'
import { dayMs, shown, tokenItem } from './tokens.ts'

type Routes = (typeof access)['routes']

// RFC 8628, section 6.1: consonants without look-alikes and without words.
const alphabet = 'BCDFGHJKLMNPQRSTVWXZ'
const pollSeconds = 2

/**
 * Eight letters as XXXX-XXXX, each equally likely (34.6 bits; it lives ten minutes and approving it needs a sign-in).
 */
export function newUserCode(deps: Pick<Deps, 'random'>): string {
  let code = ''
  while (code.length < 8)
    for (const byte of deps.random(16)) if (byte < 240 && code.length < 8) code += alphabet[byte % alphabet.length]
  return `${code.slice(0, 4)}-${code.slice(4)}`
}

/** As typed by a person: any case, with or without the hyphen or spaces. */
const typed = (code: string): string => {
  const letters = code.toUpperCase().replaceAll(/[^A-Z]/g, '')
  return `${letters.slice(0, 4)}-${letters.slice(4)}`
}

const unknown = (): Failure => new Failure('not-found', 'There is no such code. Compare it with what the tool shows.')

async function deviceOf(deps: Deps, userCode: string): Promise<Item<DeviceItem>> {
  const device = await deps.table.get<DeviceItem>(keyOf.device(typed(userCode)))
  if (!device) throw unknown()
  if (deps.now().toISOString() >= device.expires)
    throw new Failure('device-expired', 'The code was valid for ten minutes. Start the sign-in again in the tool.')
  return device
}

export const startDevice: Implementation<Routes['startDevice']> = async ({ body, address }, deps) => {
  await countStart(deps, address)
  const deviceSecret = newSecret(deps)
  const now = deps.now()
  for (;;) {
    const item: DeviceItem = {
      userCode: newUserCode(deps),
      secretHash: await sha256Hex(deviceSecret),
      name: body.name,
      scopes: [...new Set(body.scopes)],
      created: now.toISOString(),
      expires: new Date(now.getTime() + validMs).toISOString(),
      state: 'pending',
    }
    try {
      // A day longer than it works: whoever comes late is told so.
      await deps.table.create<DeviceItem>({
        ...keyOf.device(item.userCode),
        ...goneAfter(item.expires, endedDays.device),
        ...item,
      })
    } catch (e) {
      if (e instanceof AlreadyExists) continue
      throw e
    }
    return {
      userCode: item.userCode,
      deviceSecret,
      verify: `${deps.settings.mainOrigin}/device?code=${item.userCode}`,
      expires: item.expires,
      interval: pollSeconds,
    }
  }
}

export const device: Implementation<Routes['device']> = async ({ params, caller }, deps) => {
  notByToken(caller, 'approve a tool')
  const { userCode, name, scopes, expires, state } = await deviceOf(deps, params.userCode)
  return { userCode, name, scopes, expires, state }
}

export const approveDevice: Implementation<Routes['approveDevice']> = async (
  { params, body, caller, intent },
  deps,
) => {
  notByToken(caller, 'approve a tool')
  const asked = await deviceOf(deps, params.userCode)
  const more = body.scopes.filter((s) => !asked.scopes.includes(s))
  if (more.length > 0)
    throw new Failure('invalid-request', `The tool has not asked for ${more.join(', ')}.`, [
      { path: '/body/scopes', message: `Not asked for: ${more.join(', ')}`, expected: asked.scopes.join(', ') },
    ])
  try {
    await deps.table.update(keyOf.device(asked.userCode), {
      set: {
        state: 'approved',
        userId: caller.userId,
        loginAt: caller.loginAt,
        ...(caller.secondFactor ? { secondFactor: true } : {}),
        scopes: [...new Set(body.scopes)],
        days: body.days,
      },
      when: [{ attribute: 'state', is: 'equal', value: 'pending' }],
    })
  } catch (e) {
    if (!(e instanceof ConditionFailed)) throw e
    const now = intent.repeated && (await deps.table.get<DeviceItem>(keyOf.device(asked.userCode)))
    if (now && now.userId === caller.userId && now.days === body.days) return undefined
    throw new Failure(
      'wrong-state',
      'This code has been approved already. If that was not you, look at your tokens in the settings.',
    )
  }
  return undefined
}

export const pollDevice: Implementation<Routes['pollDevice']> = async ({ body }, deps) => {
  const digest = await sha256Hex(body.deviceSecret)
  const held = await deps.table.get<DeviceItem>(keyOf.device(typed(body.userCode)))
  if (!held || !sameDigest(held.secretHash, digest)) throw unknown()
  const { state, userId, loginAt, secondFactor, scopes, days, name, userCode } = await deviceOf(deps, body.userCode)
  if (state === 'pending')
    throw new Failure('device-pending', 'Nobody has approved the code yet. Ask again after the interval.')
  const tokenId = await derivedId('tok', 'device', userCode, digest)
  const secret = base64url(await sha256(`device token\0${body.deviceSecret}`))
  const answer = (token: TokenItem): ReturnType<typeof shown> & { secret: string } => ({
    ...shown(token),
    secret: formatToken(tokenId, secret),
  })
  const existing = await deps.table.get<TokenItem>(keyOf.token(tokenId))
  if (existing) return answer(existing)
  // Collected and not there: it was revoked, and asking again must not bring it back.
  if (state === 'collected')
    throw new Failure(
      'device-expired',
      'The token of this code was collected and revoked. Start the sign-in again in the tool.',
    )
  const now = deps.now()
  const token: TokenItem = {
    tokenId,
    userId: userId!,
    name,
    scopes,
    hash: await sha256Hex(secret),
    created: now.toISOString(),
    expires: new Date(now.getTime() + days! * dayMs).toISOString(),
    loginAt: loginAt!,
    ...(secondFactor ? { secondFactor } : {}),
    madeBy: 'device',
  }
  try {
    await deps.table.update(keyOf.device(userCode), {
      set: { state: 'collected' },
      when: [{ attribute: 'state', is: 'equal', value: 'approved' }],
    })
  } catch (e) {
    if (e instanceof ConditionFailed)
      throw new Failure('device-pending', 'The token is being made. Ask again after the interval.')
    throw e
  }
  await recordEverywhere(
    deps,
    token.userId,
    { kind: 'person', id: token.userId },
    { act: 'token.created', object: `token ${tokenId}`, detail: { scopes, expires: token.expires, madeBy: 'device' } },
  )
  await deps.table.create<TokenItem>(tokenItem(token))
  return answer(token)
}
