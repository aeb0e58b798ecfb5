/** JSON as programs write it who nobody vouches for: with NaN and infinities (Python), and of any depth. */
import { BadOutput } from './output-problem.ts'

/** Deepest nesting that is read. */
const depthLimit = 16
/** What is no JSON and stands for a number that is not there. */
const notNumbers = ['NaN', 'Infinity', '-Infinity']

/**
 * The value of a JSON text in which NaN and infinities are null. Depth is checked before anything recursive sees the
 * text. Throws `BadOutput`: `too-deep` or `not-json`.
 */
export function readLenientJson(text: string): unknown {
  const start = text.startsWith('\uFEFF') ? 1 : 0
  let depth = 0
  let read = ''
  let from = start
  for (let at = start; at < text.length; at++) {
    const character = text[at]
    switch (character) {
      case '"':
        at = endOfString(text, at)
        break
      case '{':
      case '[':
        depth++
        if (depth > depthLimit) throw new BadOutput('too-deep')
        break
      case '}':
      case ']':
        depth--
        break
      case 'N':
      case 'I':
      case '-': {
        const word = notNumbers.find((candidate) => text.startsWith(candidate, at))
        if (!word) break
        read += `${text.slice(from, at)}null`
        at += word.length - 1
        from = at + 1
        break
      }
      default:
    }
  }
  try {
    return JSON.parse(read + text.slice(from))
  } catch {
    throw new BadOutput('not-json')
  }
}

/** Where the string that begins at `start` ends, or the text. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}
