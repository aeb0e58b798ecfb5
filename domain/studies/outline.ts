/** How long a timeline is and which parts it has, without running it. */
import { sampleSize } from './chance.ts'
import type { Configuration, TimelineNode } from './configuration.ts'

/** No run can have more trials than this. */
export const maxTrials = 100_000

export interface Part {
  name: string
  trials: number
  /** Under a conditional: it may be skipped. */
  optional: boolean
}
export interface Outline {
  /** Expected number of trials: conditionals taken, `while` loops run once. */
  trials: number
  /** The most there can be: every loop to its end. */
  most: number
  /** Named parts of the timeline in order; what has no name is called by its place. */
  parts: Part[]
}

/** The node as it stands for a condition; undefined when the condition leaves it out. */
export function variant(node: TimelineNode, condition: string): TimelineNode | undefined {
  const change =
    node.per_condition && Object.hasOwn(node.per_condition, condition) ? node.per_condition[condition] : undefined
  if (change === null) return undefined
  return change === undefined ? node : { ...node, ...change }
}

interface Count {
  trials: number
  most: number
}
const sum = (counts: readonly Count[]): Count =>
  counts.reduce((a, b) => ({ trials: a.trials + b.trials, most: a.most + b.most }), { trials: 0, most: 0 })

function count(node: TimelineNode, condition: string): Count {
  const now = variant(node, condition)
  if (!now) return { trials: 0, most: 0 }
  if (!now.timeline) return { trials: 1, most: 1 }
  const once = sum(now.timeline.map((n) => count(n, condition)))
  const passes =
    sampleSize(now.timeline_variables?.length ?? 1, now.timeline_variables ? now.sample : undefined) *
    (now.repetitions ?? 1) *
    (now.loop?.times ?? 1)
  return { trials: once.trials * passes, most: once.most * passes * (now.loop?.max ?? 1) }
}

/** The outline for one condition, or the longest over all conditions. A plain web study has none. */
export function outline(configuration: Configuration, condition?: string): Outline {
  if (configuration.kind === 'web') return { trials: 0, most: 0, parts: [] }
  const conditions = condition === undefined ? (configuration.conditions?.map((c) => c.name) ?? ['']) : [condition]
  return conditions
    .map((name): Outline => {
      const counts = configuration.timeline.map((node) => count(node, name))
      const parts = configuration.timeline.map((node, index): Part => ({
        name: node.name ?? `Part ${index + 1}`,
        trials: counts[index]?.trials ?? 0,
        optional: node.conditional !== undefined,
      }))
      return { ...sum(counts), parts: parts.filter((p) => p.trials > 0) }
    })
    .reduce((a, b) => (b.most > a.most ? b : a))
}
