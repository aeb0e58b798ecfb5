/**
 * A simulated participant: walks the timeline with the study's own interpreter and answers like a person would,
 * roughly.
 */
import { chance, type Chance } from '../../domain/studies/chance.ts'
import type { TimelineConfiguration } from '../../domain/studies/configuration.ts'
import { type NextTrial, scored, startRun, type TrialData } from '../../domain/studies/interpreter.ts'

export interface SimulatedRun {
  configuration: TimelineConfiguration
  condition: string
  seed: number
}
/** One recorded trial, and how many milliseconds it took since the one before. */
export interface SimulatedTrial {
  data: TrialData
  milliseconds: number
}

const pick = <T>(random: Chance, things: readonly T[]): T => things[random.below(things.length)]!
/** A reaction time as they are: around a mean, with a tail to the right. */
const reaction = (random: Chance, mean: number): number =>
  Math.round(mean * (0.72 + 0.2 * random.next() - 0.16 * Math.log(1 - 0.97 * random.next())))

interface Question {
  name?: string
  options?: string[]
  labels?: string[]
  min?: number
  max?: number
}

function answerTo(question: Question, random: Chance): string | number {
  if (question.options) return pick(random, question.options)
  if (question.labels) return random.below(question.labels.length)
  return pick(random, ['31', '24', '45', 'It is quiet there.', 'Close to work.'])
}

/** What a person does at a trial: `rt` in milliseconds and the plugin's own answers. */
function answer(trial: NextTrial, random: Chance, speed: number): TrialData {
  const { parameters, type } = trial
  if (type.endsWith('-keyboard-response')) {
    const choices = parameters['choices']
    if (choices === 'NO_KEYS') return { rt: null, response: null, stimulus: parameters['stimulus'] }
    const right = trial.data['correct_response'] ?? trial.score?.equals
    const hard = trial.data['congruency'] === 'incongruent'
    const keys = Array.isArray(choices) ? (choices as string[]) : [' ']
    const response =
      typeof right === 'string' && random.next() > (hard ? 0.08 : 0.02)
        ? right
        : pick(random, keys.filter((k) => k !== right).concat(keys.length === 1 ? keys : []))
    return { rt: reaction(random, speed + (hard ? 70 : 0)), response, stimulus: parameters['stimulus'] }
  }
  if (type.endsWith('-button-response'))
    return {
      rt: reaction(random, 1800),
      response: random.below((parameters['choices'] as unknown[] | undefined)?.length ?? 1),
      stimulus: parameters['stimulus'],
    }
  if (type.endsWith('-slider-response'))
    return {
      rt: reaction(random, 2500),
      response: Math.round(random.next() * 100),
      slider_start: parameters['slider_start'] ?? 50,
      stimulus: parameters['stimulus'],
    }
  if (type.includes('plugin-survey')) {
    const questions = (parameters['questions'] ?? []) as Question[]
    const response = Object.fromEntries(
      questions.map((question, index) => [question.name || `Q${index}`, answerTo(question, random)]),
    )
    return { rt: reaction(random, 9000), response, question_order: questions.map((_, i) => i) }
  }
  return { rt: reaction(random, 4000) }
}

/** Every recorded trial of a run, in order. The same seed gives the same data. */
export function* simulate(run: SimulatedRun): Generator<SimulatedTrial> {
  const random = chance(run.seed, 'simulated participant')
  const speed = 380 + random.next() * 140
  const walk = startRun({ ...run, parameters: {} })
  let elapsed = 0
  let since = 0
  while (walk.current) {
    const trial = walk.current
    const given = answer(trial, random, speed)
    const shown =
      typeof trial.parameters['trial_duration'] === 'number' && given['rt'] === null
        ? trial.parameters['trial_duration']
        : ((given['rt'] as number | null) ?? 500)
    elapsed += shown
    since += shown
    const data = scored(trial, {
      ...given,
      trial_type: trial.type.replace('@jspsych/plugin-', ''),
      trial_index: trial.position,
      plugin_version: 'simulated',
      time_elapsed: elapsed,
      ...trial.data,
    })
    if (trial.record) {
      yield { data, milliseconds: since }
      since = 0
    }
    walk.finish(data)
  }
}
