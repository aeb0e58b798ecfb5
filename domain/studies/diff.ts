/** What changed between two versions, in words. */
import { canonical } from '../hash.ts'
import { isObject } from './configuration-errors.ts'

export interface DiffLine {
  path: string
  change: 'added' | 'removed' | 'changed'
  before?: string
  after?: string
}
export interface FileFacts {
  path: string
  sha256: string
  size: number
  type: string
}

const maxLines = 500
const maxText = 160
/**
 * Lists longer than this are compared place by place, and so are all once this many pairs have been compared: a hostile
 * configuration must not hold the server up.
 */
const maxAligned = 1000
const maxPairs = 10_000_000

const shorten = (text: string): string => (text.length > maxText ? `${text.slice(0, maxText - 1)}…` : text)
const named = (v: unknown): string | undefined => {
  if (!isObject(v)) return undefined
  if (typeof v.name === 'string') return `“${v.name}”`
  return typeof v.type === 'string' && v.type.startsWith('@jspsych/plugin-')
    ? v.type.slice('@jspsych/plugin-'.length)
    : undefined
}
const show = (v: unknown): string => {
  if (typeof v === 'string') return shorten(v)
  if (isObject(v) && Array.isArray(v.timeline))
    return shorten(`timeline${named(v) ? ` ${named(v)}` : ''} of ${v.timeline.length}: ${canonical(v)}`)
  return shorten(v === undefined ? '' : canonical(v))
}
const field = (name: string): string => name.replaceAll('_', ' ')
const step = (path: string, name: string): string =>
  path === '' ? name.charAt(0).toUpperCase() + name.slice(1) : `${path} › ${name}`

/**
 * Lines in the order of the newer configuration; a list is aligned by content, so that one trial put in between is one
 * line.
 */
export function diffConfigurations(before: unknown, after: unknown): DiffLine[] {
  const lines: DiffLine[] = []
  compare(before, after, '', { lines, pairs: maxPairs })
  return lines.slice(0, maxLines)
}

/** The lines so far, and how many more pairs may be compared to align lists. */
interface Work {
  lines: DiffLine[]
  pairs: number
}
const full = (w: Work): boolean => w.lines.length >= maxLines

function compare(before: unknown, after: unknown, path: string, work: Work): void {
  if (full(work)) return
  if (isObject(before) && isObject(after)) {
    for (const name of new Set([...Object.keys(after), ...Object.keys(before)])) {
      const at = step(path, field(name))
      if (!Object.hasOwn(before, name)) work.lines.push({ path: at, change: 'added', after: show(after[name]) })
      else if (!Object.hasOwn(after, name)) work.lines.push({ path: at, change: 'removed', before: show(before[name]) })
      else compare(before[name], after[name], at, work)
    }
  } else if (Array.isArray(before) && Array.isArray(after)) compareLists(before, after, path, work)
  else if (canonical(before ?? null) !== canonical(after ?? null))
    work.lines.push({ path, change: 'changed', before: show(before), after: show(after) })
}

function compareLists(before: readonly unknown[], after: readonly unknown[], path: string, work: Work): void {
  const place = (i: number, v: unknown): string => step(path, `${i + 1}${named(v) ? ` ${named(v)}` : ''}`)
  const gap = (b0: number, b1: number, a0: number, a1: number): void => {
    const gone = new Set<number>()
    const byName = new Map<string | undefined, number[]>()
    for (let i = b1 - 1; i >= b0; i--) {
      const name = named(before[i])
      const places = byName.get(name)
      if (places) places.push(i)
      else byName.set(name, [i])
    }
    for (let i = b0; i < b1; i++) gone.add(i)
    /** The first of the same name or plugin that has no partner yet. */
    const twin = (name: string | undefined): number | undefined => {
      const places = name === undefined ? [] : (byName.get(name) ?? [])
      while (places.length > 0) {
        const i = places.pop()!
        if (gone.has(i)) return i
      }
      return undefined
    }
    for (let a = a0; a < a1 && !full(work); a++) {
      const value = after[a]
      // the partner of a changed element: the one of the same name or plugin, else the next in line when both sides
      // have as many
      const inLine = b0 + a - a0
      const partner = twin(named(value)) ?? (b1 - b0 === a1 - a0 && gone.has(inLine) ? inLine : undefined)
      if (partner === undefined) work.lines.push({ path: place(a, value), change: 'added', after: show(value) })
      else {
        gone.delete(partner)
        compare(before[partner], value, place(a, value), work)
      }
    }
    for (const i of gone) {
      if (full(work)) return
      work.lines.push({ path: place(i, before[i]), change: 'removed', before: show(before[i]) })
    }
  }
  let b = 0
  let a = 0
  for (const [sameBefore, sameAfter] of [
    ...common(before.map(canonical), after.map(canonical), work),
    [before.length, after.length] as const,
  ]) {
    gap(b, sameBefore, a, sameAfter)
    b = sameBefore + 1
    a = sameAfter + 1
  }
}

/** Places of a longest common subsequence; the common start and end are taken off first. */
function common(x: readonly string[], y: readonly string[], work: Work): [number, number][] {
  let start = 0
  while (start < x.length && start < y.length && x[start] === y[start]) start++
  let tail = 0
  while (tail < x.length - start && tail < y.length - start && x[x.length - 1 - tail] === y[y.length - 1 - tail]) tail++
  const out: [number, number][] = Array.from({ length: start }, (_, i) => [i, i])
  const n = x.length - start - tail
  const m = y.length - start - tail
  if (n <= maxAligned && m <= maxAligned && n * m <= work.pairs) {
    work.pairs -= n * m
    const table = Array.from({ length: n + 1 }, () => new Uint32Array(m + 1))
    const cell = (i: number, j: number): number => table[i]?.[j] ?? 0
    for (let i = n - 1; i >= 0; i--)
      for (let j = m - 1; j >= 0; j--)
        (table[i] as Uint32Array)[j] =
          x[start + i] === y[start + j] ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1))
    for (let i = 0, j = 0; i < n && j < m;) {
      if (x[start + i] === y[start + j]) out.push([start + i++, start + j++])
      else if (cell(i + 1, j) >= cell(i, j + 1)) i++
      else j++
    }
  }
  for (let k = tail; k > 0; k--) out.push([x.length - k, y.length - k])
  return out
}

const size = (bytes: number): string =>
  bytes < 1000 ? `${bytes} bytes` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(1)} MB`

/** Files in order of path; a file that only moved is one line. */
export function diffAssets(before: readonly FileFacts[], after: readonly FileFacts[]): DiffLine[] {
  const old = new Map(before.map((f) => [f.path, f]))
  const now = new Map(after.map((f) => [f.path, f]))
  const gone = before.filter((f) => !now.has(f.path))
  const lines: DiffLine[] = []
  for (const file of after) {
    const was = old.get(file.path)
    if (was?.sha256 === file.sha256) {
      if (was.type !== file.type) lines.push({ path: file.path, change: 'changed', before: was.type, after: file.type })
      continue
    }
    if (was) {
      lines.push({
        path: file.path,
        change: 'changed',
        before: `${size(was.size)}, ${was.sha256.slice(0, 8)}`,
        after: `${size(file.size)}, ${file.sha256.slice(0, 8)}`,
      })
      continue
    }
    const moved = gone.findIndex((f) => f.sha256 === file.sha256)
    if (moved >= 0)
      lines.push({
        path: file.path,
        change: 'changed',
        before: `named ${gone.splice(moved, 1)[0]?.path}`,
        after: `named ${file.path}`,
      })
    else lines.push({ path: file.path, change: 'added', after: size(file.size) })
  }
  lines.push(...gone.map((f): DiffLine => ({ path: f.path, change: 'removed', before: size(f.size) })))
  return lines.sort((x, y) => (x.path < y.path ? -1 : 1)).slice(0, maxLines)
}

/** One sentence over both lists, e.g. “2 settings changed and 1 added; 3 files added.” */
export function diffSummary(configuration: readonly DiffLine[], assets: readonly DiffLine[]): string {
  const counts = (lines: readonly DiffLine[], one: string, many: string): string => {
    const parts = (['changed', 'added', 'removed'] as const)
      .map((change) => [change, lines.filter((l) => l.change === change).length] as const)
      .filter(([, n]) => n > 0)
    return parts
      .map(([change, n], i) => `${n} ${i === 0 ? `${n === 1 ? one : many} ` : ''}${change}`)
      .join(', ')
      .replace(/, ([^,]*)$/, ' and $1')
  }
  const sentence = [counts(configuration, 'setting', 'settings'), counts(assets, 'file', 'files')]
    .filter((s) => s !== '')
    .join('; ')
  return sentence === '' ? 'Nothing changed.' : `${sentence}.`
}
