/**
 * How deep a JSON text is, told from the text alone: a value of many members takes long to walk, and a deep one to
 * parse.
 */

const quote = 0x22
const backslash = 0x5c
/** Opening a list or an object, and closing one: `[` and `{`, `]` and `}` differ in one bit. */
const opening = 0x5b
const closing = 0x5d
const bracesToBrackets = ~0x20

/** The place of the quote that closes the text which begins at `from`, or the end of everything. */
function endOfText(json: string, from: number): number {
  for (let at = json.indexOf('"', from); at >= 0; at = json.indexOf('"', at + 1)) {
    let before = at - 1
    while (before >= from && json.charCodeAt(before) === backslash) before--
    // An even number of backslashes are characters themselves.
    if ((at - before) % 2 === 1) return at
  }
  return json.length
}

/** Whether lists and objects are nested more than `most` levels deep. Of what is no JSON, any answer is right. */
export function isDeeper(json: string, most: number): boolean {
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === quote) at = endOfText(json, at + 1)
    else if ((code & bracesToBrackets) === opening) {
      if (++depth > most) return true
    } else if ((code & bracesToBrackets) === closing) depth--
  }
  return false
}
