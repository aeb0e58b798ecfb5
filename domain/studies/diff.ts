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
const named = (value: unknown): string | undefined => {
  if (!isObject(value)) return undefined
  if (typeof value.name === 'string') return `“${value.name}”`
  return typeof value.type === 'string' && value.type.startsWith('@jspsych/plugin-')
    ? value.type.slice('@jspsych/plugin-'.length)
    : undefined
}
const show = (value: unknown): string => {
  if (typeof value === 'string') return shorten(value)
  if (isObject(value) && Array.isArray(value.timeline))
    return shorten(`timeline${named(value) ? ` ${named(value)}` : ''} of ${value.timeline.length}: ${canonical(value)}`)
  return shorten(value === undefined ? '' : canonical(value))
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

/** Places `from..to` of a list, without `to`. */
interface Stretch {
  from: number
  to: number
}

const place = (path: string, index: number, value: unknown): string =>
  step(path, `${index + 1}${named(value) ? ` ${named(value)}` : ''}`)

function compareLists(before: readonly unknown[], after: readonly unknown[], path: string, work: Work): void {
  let nextBefore = 0
  let nextAfter = 0
  const pairs = [
    ...commonPlaces(before.map(canonical), after.map(canonical), work),
    [before.length, after.length] as const,
  ]
  for (const [sameBefore, sameAfter] of pairs) {
    const was = { from: nextBefore, to: sameBefore }
    const is = { from: nextAfter, to: sameAfter }
    compareStretches(before, was, after, is, path, work)
    nextBefore = sameBefore + 1
    nextAfter = sameAfter + 1
  }
}

/** Compares what lies between two elements that are the same in both lists. */
function compareStretches(
  before: readonly unknown[],
  was: Stretch,
  after: readonly unknown[],
  is: Stretch,
  path: string,
  work: Work,
): void {
  const gone = new Set<number>()
  for (let index = was.from; index < was.to; index++) gone.add(index)
  const places = placesByName(before, was)
  /** The first of the same name or plugin that has no partner yet. */
  const twin = (name: string | undefined): number | undefined => {
    const candidates = name === undefined ? [] : (places.get(name) ?? [])
    while (candidates.length > 0) {
      const index = candidates.pop()!
      if (gone.has(index)) return index
    }
    return undefined
  }
  const areAsMany = was.to - was.from === is.to - is.from
  for (let index = is.from; index < is.to && !full(work); index++) {
    const value = after[index]
    // the partner of a changed element: the one of the same name or plugin, else the next in line when both sides
    // have as many
    const inLine = was.from + index - is.from
    const partner = twin(named(value)) ?? (areAsMany && gone.has(inLine) ? inLine : undefined)
    if (partner === undefined) {
      work.lines.push({ path: place(path, index, value), change: 'added', after: show(value) })
      continue
    }
    gone.delete(partner)
    compare(before[partner], value, place(path, index, value), work)
  }
  for (const index of gone) {
    if (full(work)) return
    work.lines.push({ path: place(path, index, before[index]), change: 'removed', before: show(before[index]) })
  }
}

/** The places of a stretch by name or plugin, the last first. */
function placesByName(list: readonly unknown[], { from, to }: Stretch): Map<string | undefined, number[]> {
  const places = new Map<string | undefined, number[]>()
  for (let index = to - 1; index >= from; index--) {
    const name = named(list[index])
    const ofName = places.get(name)
    if (ofName) ofName.push(index)
    else places.set(name, [index])
  }
  return places
}

/** Places of a longest common subsequence, in order; the common start and end are taken off first. */
function commonPlaces(before: readonly string[], after: readonly string[], work: Work): [number, number][] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start++
  const rest = Math.min(before.length, after.length) - start
  let tail = 0
  while (tail < rest && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  const out: [number, number][] = Array.from({ length: start }, (_, index) => [index, index])
  const rows = before.length - start - tail
  const columns = after.length - start - tail
  if (rows <= maxAligned && columns <= maxAligned && rows * columns <= work.pairs) {
    work.pairs -= rows * columns
    for (const [row, column] of aligned(before.slice(start, start + rows), after.slice(start, start + columns)))
      out.push([start + row, start + column])
  }
  for (let left = tail; left > 0; left--) out.push([before.length - left, after.length - left])
  return out
}

/** A longest common subsequence by dynamic programming (Wagner and Fischer 1974), as pairs of places in order. */
function aligned(before: readonly string[], after: readonly string[]): [number, number][] {
  const longest = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1))
  /** The length of the longest that begins at these places or later. */
  const from = (row: number, column: number): number => longest[row]?.[column] ?? 0
  for (let row = before.length - 1; row >= 0; row--)
    for (let column = after.length - 1; column >= 0; column--)
      longest[row]![column] =
        before[row] === after[column]
          ? from(row + 1, column + 1) + 1
          : Math.max(from(row + 1, column), from(row, column + 1))
  const out: [number, number][] = []
  let row = 0
  let column = 0
  while (row < before.length && column < after.length) {
    if (before[row] === after[column]) out.push([row++, column++])
    else if (from(row + 1, column) >= from(row, column + 1)) row++
    else column++
  }
  return out
}

function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(1)} MB`
}

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
