/** What a question is called until its author gives it a title. */
import type { Language } from '../../../../../domain/datasets/policy.ts'
import type { Snippet } from '../../parts/snippets.ts'
import { cellsOf } from '../../parts/job/notebook.ts'

const most = 100
const cut = (t: string): string => (t.length > most ? `${t.slice(0, most - 1).trimEnd()}…` : t)
/** The first line of a script that is written for people: its docstring or its first comment. */
function firstWords(code: string): string {
  const head = code.replace(/^#!.*\n/, '').trimStart()
  const [, quotes, line] = /^[rR]?("""|''')\s*([^\n]*)/.exec(head) ?? []
  const docstring = quotes && line!.split(quotes)[0]!.trim()
  return docstring ?? /^#+'?[ \t]*(?!%%)([^\n]*)/.exec(head)?.[1]?.trim() ?? ''
}

/**
 * The title of an example that has not been changed; else what the code says of itself first; for a bare statement,
 * what it selects. '' when nothing does.
 */
export function titleOf(language: Language, text: string, examples: readonly Snippet[] = []): string {
  const example = examples.find((x) => x.language === language && x.code.trim() === text.trim())
  if (example) return example.title
  if (language === 'sql') {
    const comment = /^\s*--[ \t]*(\S[^\n]*)/.exec(text)?.[1]
    return cut(
      comment ??
        text
          .replaceAll(/--[^\n]*/g, ' ')
          .replaceAll(/\s+/g, ' ')
          .trim()
          .replace(/^select /i, ''),
    )
  }
  if (language !== 'notebook') return cut(firstWords(text))
  const first = cellsOf(text).find((c) => c.source.trim())
  return first
    ? cut(
        first.kind === 'markdown'
          ? first.source
              .split('\n')
              .find((l) => l.trim())!
              .replace(/^#+\s*/, '')
          : firstWords(first.source),
      )
    : ''
}
