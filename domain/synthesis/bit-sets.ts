/** Sets of columns as bits, 32 to a word: column c is bit c % 32 of word c / 32. */

/** A set over `words` words that holds the columns. */
export function bitsOf(words: number, columns: readonly number[]): Uint32Array {
  const set = new Uint32Array(words)
  for (const column of columns) set[column >> 5]! |= 1 << (column & 31)
  return set
}

/** Calls back with each column of the set, ascending. */
export function eachMember(set: Uint32Array, take: (column: number) => void): void {
  for (let word = 0; word < set.length; word++)
    for (let bits = set[word]!; bits !== 0; bits &= bits - 1) take(word * 32 + (31 - Math.clz32(bits & -bits)))
}

/** The columns of the set, ascending. */
export function membersOf(set: Uint32Array): number[] {
  const columns: number[] = []
  eachMember(set, (column) => {
    columns.push(column)
  })
  return columns
}

/** Whether every column of the first set is in the second, of as many words. */
export function isWithin(inner: Uint32Array, outer: Uint32Array): boolean {
  for (let word = 0; word < inner.length; word++) if ((inner[word]! & ~outer[word]!) !== 0) return false
  return true
}

/** Adds the second set to the first. */
export function include(set: Uint32Array, more: Uint32Array): void {
  for (let word = 0; word < set.length; word++) set[word]! |= more[word]!
}

/** Takes a column out of the set. */
export function exclude(set: Uint32Array, column: number): void {
  set[column >> 5]! &= ~(1 << (column & 31))
}
