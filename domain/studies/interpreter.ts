/**
 * Walks a timeline: given condition, seed, query and the data of the trials finished so far, the next trial with every
 * reference resolved. Deterministic, so that a run resumes at any trial from nothing but its records.
 */
import { chance, counterbalanced, sampleOrder } from './chance.ts'
import { at, holds, same, type Test } from './comparison.ts'
import type { Loop, Score, TimelineConfiguration, TimelineNode } from './configuration.ts'
import { variant } from './outline.ts'
import { resolve, type Sources } from './references.ts'

export type TrialData = Record<string, unknown>
export interface RunInput {
  configuration: TimelineConfiguration
  condition: string
  seed: number
  parameters: Readonly<Record<string, string>>
}
export interface NextTrial {
  /** Counts from 0 within the run. */
  position: number
  /** npm name of the plugin. */
  type: string
  /** The plugin's parameters and jsPsych's shared ones, without `data`. */
  parameters: Record<string, unknown>
  /** Tags; with the timeline variables that the trial saves, and `part`, the name of the nearest named node. */
  data: TrialData
  /** Whether its data becomes a record. */
  record: boolean
  score?: Score
}
export interface Run {
  /** The trial to show now; undefined at the end. */
  readonly current: NextTrial | undefined
  /** Takes the current trial's data and answers the next trial. */
  finish(data: TrialData): NextTrial | undefined
}

/** Trial fields that the interpreter answers for itself. */
const ours = new Set([
  'type',
  'name',
  'timeline',
  'timeline_variables',
  'repetitions',
  'randomize_order',
  'sample',
  'loop',
  'conditional',
  'per_condition',
  'data',
  'score',
  'record_data',
  'save_timeline_variables',
])

interface Frame {
  type?: string
  name?: string
  parameters: Record<string, unknown>
  data: readonly Record<string, unknown>[]
  score?: Score | undefined
  record: unknown
  save: unknown
  timeline: Record<string, unknown>
}

/**
 * Starts a run, or resumes it after `finished` records. A record says by `trial_index` which trial it is of (its place
 * in the list otherwise). Trials that leave no record count as finished when a later one is recorded: after a reload
 * the fixation cross is shown again before the trial that it belongs to.
 */
export function startRun(input: RunInput, finished: readonly TrialData[] = []): Run {
  const walk = trials(input)
  let current = walk.next().value ?? undefined
  const finish = (data: TrialData): NextTrial | undefined => (current = walk.next(data).value ?? undefined)
  const byPosition = new Map<number, TrialData>()
  finished.forEach((data, index) => {
    const position = typeof data.trial_index === 'number' ? data.trial_index : index
    if (!byPosition.has(position)) byPosition.set(position, data)
  })
  const through = [...byPosition.keys()].reduce((most, p) => Math.max(most, p + 1), 0)
  while (current && (byPosition.has(current.position) || (!current.record && current.position < through)))
    finish(byPosition.get(current.position) ?? {})
  return {
    get current() {
      return current
    },
    finish,
  }
}

function* trials(input: RunInput): Generator<NextTrial, void, TrialData> {
  const { configuration, condition, seed, parameters } = input
  const {
    name: _,
    weight: __,
    ...variables
  } = configuration.conditions?.find((c) => c.name === condition) ?? { name: condition }
  const recorded: TrialData[] = []
  const visits = new Map<string, number>()
  let position = 0

  /** A stream of chance for this visit of this place. */
  const stream = (path: string) => {
    const visit = visits.get(path) ?? 0
    visits.set(path, visit + 1)
    return chance(seed, `${condition}|${path}|${visit}`)
  }
  const sources = (timeline: Record<string, unknown>): Sources => ({ timeline, condition: variables, parameters })
  const known = (timeline: Record<string, unknown>, data: readonly TrialData[]) => ({
    condition,
    parameters,
    data,
    variables: { ...variables, ...(resolve(timeline, sources(timeline)) as Record<string, unknown>) },
  })

  function* visit(nodes: readonly TimelineNode[], path: string, frame: Frame): Generator<NextTrial, void, TrialData> {
    for (const [index, written] of nodes.entries()) {
      const node = variant(written, condition)
      if (!node) continue
      if (node.timeline) yield* nested(node, node.timeline, `${path}/${index}`, inherit(node, frame))
      else if (!node.conditional || holds(node.conditional, known(frame.timeline, recorded))) {
        const trial = prepare(inherit(node, frame))
        const data = yield trial
        if (trial.record) recorded.push(data)
      }
    }
  }

  function* nested(
    node: TimelineNode,
    children: readonly TimelineNode[],
    path: string,
    frame: Frame,
  ): Generator<NextTrial, void, TrialData> {
    const rows = node.timeline_variables
    const draw = (): (number | undefined)[] =>
      rows ? sampleOrder(rows.length, node.sample, node.randomize_order ?? false, stream(path)) : [undefined]
    const under = (row: number | undefined): Frame => ({
      ...frame,
      timeline: { ...frame.timeline, ...(row === undefined ? {} : rows?.[row]) },
    })
    let order = draw()
    if (node.conditional && !holds(node.conditional, known(under(order[0]).timeline, recorded))) return
    let fresh = true
    for (let repetition = 0; repetition < (node.repetitions ?? 1); repetition++) {
      for (let round = 1; ; round++) {
        if (!fresh) order = draw()
        fresh = false
        const start = recorded.length
        for (const row of order) yield* visit(children, path, under(row))
        const seen = recorded.slice(start)
        if (!node.loop || !goesOn(node.loop, round, (test) => holds(test, known(frame.timeline, seen)))) break
      }
    }
  }

  function prepare(frame: Frame): NextTrial {
    const from = sources(frame.timeline)
    const values = savedVariables(resolve(frame.save, from), frame.timeline)
    // as in jsPsych, the tags of an outer timeline win
    const data = Object.assign({}, ...frame.data.toReversed().map((d) => resolve(d, from))) as TrialData
    return {
      position: position++,
      type: frame.type ?? '',
      record: resolve(frame.record, from) !== false,
      parameters: resolve(frame.parameters, from) as Record<string, unknown>,
      data: {
        ...(frame.name === undefined ? {} : { part: frame.name }),
        ...data,
        ...(values ? { timeline_variables: resolve(values, from) } : {}),
      },
      ...(frame.score ? { score: { ...frame.score, equals: resolve(frame.score.equals, from) } } : {}),
    }
  }

  yield* visit(ordered(configuration, seed), '', { parameters: {}, data: [], record: true, save: false, timeline: {} })
}

/** Whether a loop has another round after the `round`-th. */
function goesOn(loop: Loop, round: number, asks: (test: Test) => boolean): boolean {
  if (loop.times !== undefined) return round < loop.times
  return round < (loop.max ?? 1) && loop.while !== undefined && asks(loop.while)
}

/** The timeline variables that a trial keeps with its data: all, those named, or none (undefined). */
function savedVariables(save: unknown, variables: Record<string, unknown>): Record<string, unknown> | undefined {
  if (save === true) return variables
  if (!Array.isArray(save)) return undefined
  return Object.fromEntries(Object.entries(variables).filter(([name]) => save.includes(name)))
}

/** What a node hands down: its own fields over those of the timeline around it. */
function inherit(node: TimelineNode, frame: Frame): Frame {
  const own = Object.fromEntries(Object.entries(node).filter(([name]) => !ours.has(name)))
  return {
    ...frame,
    ...(node.type === undefined ? {} : { type: node.type }),
    ...(node.name === undefined ? {} : { name: node.name }),
    parameters: { ...frame.parameters, ...own },
    data: node.data ? [...frame.data, node.data] : frame.data,
    score: 'score' in node ? node.score : frame.score,
    record: node.record_data ?? frame.record,
    save: node.save_timeline_variables ?? frame.save,
  }
}

/** The timeline with its counterbalanced tasks in this run's order; everything else keeps its place. */
function ordered(configuration: TimelineConfiguration, seed: number): TimelineNode[] {
  const { counterbalance, timeline } = configuration
  if (!counterbalance) return timeline
  const { tasks } = counterbalance
  const order = counterbalanced(tasks.length, counterbalance.order, seed)
  const byName = new Map(timeline.map((node) => [node.name, node]))
  let place = 0
  return timeline.map((node) =>
    node.name !== undefined && tasks.includes(node.name)
      ? (byName.get(tasks[order[place++] as number]) as TimelineNode)
      : node,
  )
}

/**
 * A trial's data with its declared score: whether the answer at `of` (default `response`) equals the right one, as
 * `into` (default `correct`).
 */
export const scored = (trial: NextTrial, data: TrialData): TrialData =>
  trial.score
    ? { ...data, [trial.score.into ?? 'correct']: same(at(data, trial.score.of ?? 'response'), trial.score.equals) }
    : data
