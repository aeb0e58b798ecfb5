/**
 * The page's language: the study's own, or before that is known the browser's; English where there is no translation.
 */
import { de } from './de.ts'
import { en, type Texts } from './en.ts'
import { es } from './es.ts'
import { fr } from './fr.ts'

const languages: Record<string, Texts> = { en, de, fr, es }
/** `locale`: the language as spoken where the participant is, for dates and numbers. */
let current = { locale: 'en', texts: en as Texts }

/** Chooses the first of these BCP 47 tags whose language is translated, and tells the document. */
export function speak(tags: readonly string[]): void {
  const tag = tags.map((t) => t.toLowerCase().split('-')[0]!).find((t) => t in languages) ?? 'en'
  current = {
    locale: navigator.languages.find((l) => l.toLowerCase().split('-')[0] === tag) ?? tag,
    texts: languages[tag]!,
  }
  document.documentElement.lang = tag
}

/** A sentence with its placeholders filled. */
export const say = (key: keyof Texts, values: Record<string, string | number> = {}): string =>
  current.texts[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))

/** A number in the language's own notation. */
export const number = (n: number): string => new Intl.NumberFormat(current.locale).format(n)
/** A time, given as ISO 8601, on the participant's own clock, in the language's own notation. */
export const moment = (iso: string): string =>
  new Intl.DateTimeFormat(current.locale, { dateStyle: 'long', timeStyle: 'short' }).format(new Date(iso))
const units = [
  { below: 1e3, unit: 'byte', size: 1 },
  { below: 1e6, unit: 'kilobyte', size: 1e3 },
  { below: Infinity, unit: 'megabyte', size: 1e6 },
]
/** Bytes as B, kB or MB, in the language's own notation. */
export function bytes(length: number): string {
  const { unit, size } = units.find(({ below }) => length < below)!
  return new Intl.NumberFormat(current.locale, {
    style: 'unit',
    unit,
    maximumFractionDigits: length / size < 10 ? 1 : 0,
  }).format(length / size)
}
