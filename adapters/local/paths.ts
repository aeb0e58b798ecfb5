/**
 * Object keys as file paths. Any key at all becomes a path below its bucket's folder, and back:
 * no dot segments, no reserved names, no difference by letter case, no clash between the keys `a` and `a/b`.
 */
import { join } from 'node:path'

// What a file name may be at most is 255 bytes on every common file system.
const longest = 200

const escape = (segment: string): string => {
  let out = ''
  for (const byte of Buffer.from(segment, 'utf8')) {
    const character = String.fromCharCode(byte)
    out +=
      /[a-z0-9_-]/.test(character) || (character === '.' && out !== '')
        ? character
        : `%${byte.toString(16).padStart(2, '0')}`
  }
  return out === '' ? '%' : out
}

const unescape = (name: string): string =>
  name === '%'
    ? ''
    : Buffer.from(
        name.replaceAll(/%([0-9a-f]{2})/g, (_, h: string) => String.fromCharCode(Number.parseInt(h, 16))),
        'latin1',
      ).toString('utf8')

/** Folder names of a segment: one, or several ending in `+` when it is long. */
const pieces = (segment: string): string[] => {
  const whole = escape(segment)
  const out: string[] = []
  for (let i = 0; i < whole.length; i += longest) out.push(whole.slice(i, i + longest))
  return out.map((p, i) => (i < out.length - 1 ? `${p}+` : p))
}

/** The file of a key: its last name ends in `~`, which no folder's does. */
export const pathOfKey = (bucketFolder: string, key: string): string =>
  `${join(bucketFolder, ...key.split('/').flatMap(pieces))}~`

/** The key of a file, from the names below its bucket's folder; undefined for a file that is not an object. */
export function keyOfNames(names: readonly string[]): string | undefined {
  const last = names.at(-1)
  if (!last?.endsWith('~')) return undefined
  let key = ''
  let piece = ''
  for (const [index, name] of [...names.slice(0, -1), last.slice(0, -1)].entries()) {
    piece += name.endsWith('+') ? name.slice(0, -1) : name
    if (name.endsWith('+')) continue
    key += unescape(piece)
    piece = ''
    if (index < names.length - 1) key += '/'
  }
  return key
}
