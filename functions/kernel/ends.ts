/** Which items end, and when: written with each when it is made, and to those of before there were ends. */
import { type Item } from '../../ports/table.ts'
import { goneAfter } from './gone.ts'
import { type DeviceItem, type InvitationItem, keyOf, type TokenItem } from './items.ts'

/** For so many days after it was of use an item is still there: whoever comes late is told that it has ended. */
export const endedDays = {
  token: 7,
  invitation: 7,
  device: 1,
  /** After the last failure. */
  loginFailures: 1,
} as const

type End = { goneAt: number }
/** By what reads the key. Other kinds that end have always carried their end. */
const ends: readonly (readonly [(key: Item) => unknown, (item: Item) => End])[] = [
  [keyOf.token.read, (item) => goneAfter((item as unknown as TokenItem).expires, endedDays.token)],
  [keyOf.invitation.read, (item) => goneAfter((item as unknown as InvitationItem).expires, endedDays.invitation)],
  [keyOf.device.read, (item) => goneAfter((item as unknown as DeviceItem).expires, endedDays.device)],
  [keyOf.loginFailures.read, (item) => goneAfter(String(item['at']), endedDays.loginFailures)],
]

/** The item with its end, where it is of a kind that ends and does not say when. */
export function withEnd(item: Item): Item {
  if (item.goneAt !== undefined) return item
  const end = ends.find(([reads]) => reads(item))?.[1](item)
  // What cannot be read as an instant is no end.
  return end && Number.isSafeInteger(end.goneAt) ? { ...item, ...end } : item
}
