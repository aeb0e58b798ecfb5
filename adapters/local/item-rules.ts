/**
 * What DynamoDB does with an item, for the embedded store: what it refuses, how it compares, adds and changes. Pure,
 * and held to the same contract suite.
 */
import { type Change, type Condition, type Item, ItemRefused, type Key } from '../../ports/table.ts'

const largestItem = 400 * 1024
const deepest = 32
const longestKey = { pk: 2048, sk: 1024, gpk: 2048, gsk: 1024 } as const
const tooLarge = 1e126
const smallestNumber = 1e-130

/** Bytes that DynamoDB counts for a number: two digits a byte. */
function sizeOfNumber(value: number): number {
  if (!Number.isFinite(value)) throw new RangeError('The table keeps no NaN or infinity')
  const magnitude = Math.abs(value)
  if (magnitude >= tooLarge || (magnitude !== 0 && magnitude < smallestNumber))
    throw new ItemRefused('a number is out of range')
  if (value === 0) return 1
  const [digits, exponent] = magnitude.toExponential().split('e') as [string, string]
  const count = digits.replace('.', '').length
  const odd = count % 2 === 1 || Number(exponent) % 2 !== 0
  return 1 + Math.ceil(count / 2) + (odd ? 0 : 1) + (value < 0 ? 1 : 0)
}

function sizeOfMembers(value: object, depth: number): number {
  let size = 0
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) size += 1 + Buffer.byteLength(name) + sizeOf(member, depth)
  }
  return size
}

/**
 * Bytes that DynamoDB counts for a value. Throws on what JSON cannot carry, and `ItemRefused` on what no table keeps.
 */
function sizeOf(value: unknown, depth = 0): number {
  if (depth > deepest) throw new ItemRefused(`values lie more than ${deepest} deep`)
  switch (typeof value) {
    case 'string':
      return Buffer.byteLength(value)
    case 'number':
      return sizeOfNumber(value)
    case 'boolean':
    case 'undefined':
      return 1
    case 'object':
      if (value === null) return 1
      if (Array.isArray(value)) return value.reduce((size: number, member) => size + 1 + sizeOf(member, depth + 1), 3)
      if (value instanceof Date) throw new TypeError('The table keeps no dates')
      return 3 + sizeOfMembers(value, depth + 1)
    default:
      throw new TypeError(`The table keeps no ${typeof value}`)
  }
}

function checkKeyPart(value: unknown, name: keyof typeof longestKey): void {
  if (typeof value !== 'string' || value === '') throw new ItemRefused(`${name} must be text that is not empty`)
  if (Buffer.byteLength(value) > longestKey[name])
    throw new ItemRefused(`${name} is longer than ${longestKey[name]} bytes`)
}

/** Throws `ItemRefused` for a partition that cannot be. */
export const checkPartition = (pk: string, index: boolean): void => checkKeyPart(pk, index ? 'gpk' : 'pk')

/** Throws `ItemRefused` for a key that cannot be. */
export function checkKey({ pk, sk }: Key): void {
  checkKeyPart(pk, 'pk')
  checkKeyPart(sk, 'sk')
}

/** Throws `ItemRefused` for an item that DynamoDB would refuse, and on what JSON cannot carry. */
export function checkItem(item: Item): void {
  checkKey(item)
  if (item.gpk !== undefined) checkKeyPart(item.gpk, 'gpk')
  if (item.gsk !== undefined) checkKeyPart(item.gsk, 'gsk')
  const members = Object.values(item).filter((value) => value !== undefined).length
  if (sizeOfMembers(item, 0) - members > largestItem)
    throw new ItemRefused(`the item is larger than ${largestItem / 1024} KB`)
}

/** Throws on what JSON cannot carry, so that a change can be sent as JSON. */
export const checkChange = ({ set, add }: Change): void => {
  sizeOf({ set, add })
}

interface Decimal {
  digits: bigint
  exponent: number
}
function decimalOf(value: number): Decimal {
  const [digits, exponent] = value.toExponential().split('e') as [string, string]
  const point = digits.indexOf('.')
  const behind = point < 0 ? 0 : digits.length - point - 1
  return { digits: BigInt(digits.replace('.', '')), exponent: Number(exponent) - behind }
}

/** How many digits a whole number has before the zeros that it ends in. */
function significantDigits(whole: bigint): number {
  const digits = String(whole).replace('-', '')
  let length = digits.length
  while (digits[length - 1] === '0') length--
  return length
}

/** The sum of two numbers by their decimal digits, as DynamoDB adds: 0.1 and 0.2 are 0.3. */
function sum(one: number, other: number): number {
  const binary = one + other
  if (Number.isSafeInteger(one) && Number.isSafeInteger(other) && Number.isSafeInteger(binary)) return binary
  const [left, right] = [decimalOf(one), decimalOf(other)]
  const exponent = Math.min(left.exponent, right.exponent)
  const shifted = ({ digits, exponent: own }: Decimal): bigint => digits * 10n ** BigInt(own - exponent)
  const total = shifted(left) + shifted(right)
  if (significantDigits(total) > 38) throw new ItemRefused('a sum has more than 38 digits')
  return Number(`${total}e${exponent}`)
}

const inOrder = (one: string | number, other: string | number): boolean =>
  typeof one === 'number' || typeof other === 'number'
    ? one <= other
    : Buffer.compare(Buffer.from(one), Buffer.from(other)) <= 0

/** Whether an item meets a condition; values of two types never compare. */
export function meets(item: Item, condition: Condition): boolean {
  const found: unknown = Object.hasOwn(item, condition.attribute) ? item[condition.attribute] : undefined
  if (!('value' in condition)) return (condition.is === 'present') === (found !== undefined)
  const { is, value } = condition
  if (is === 'equal') return found === value
  if (is === 'different') return found !== undefined && found !== value
  if (typeof value === 'boolean') throw new ItemRefused('true and false have no order')
  if (typeof found !== typeof value) return false
  return is === 'at-most' ? inOrder(found as typeof value, value) : inOrder(value, found as typeof value)
}

/** The item after a change, with its rev. Throws `ItemRefused` when the change cannot be made. */
export function changed(item: Item, change: Change): Item {
  const sets = Object.entries(change.set ?? {}).filter(([, value]) => value !== undefined)
  const adds = Object.entries({ ...change.add, rev: 1 })
  const removes = change.remove ?? []
  const named = [...sets.map(([name]) => name), ...adds.map(([name]) => name), ...removes]
  if (new Set(named).size < named.length) throw new ItemRefused('an attribute is changed in two ways')
  if (named.includes('pk') || named.includes('sk')) throw new ItemRefused('the key cannot be changed')
  const members = new Map(Object.entries(item))
  for (const [name, value] of sets) members.set(name, value)
  for (const [name, more] of adds) {
    const before = members.has(name) ? members.get(name) : 0
    if (typeof before !== 'number') throw new ItemRefused('only numbers can be added to')
    members.set(name, sum(before, more))
  }
  for (const name of removes) members.delete(name)
  return Object.fromEntries(members) as Item
}
