/**
 * What a study configuration may say. `validateConfiguration` (configuration-validation.ts) checks one; the reference
 * for people is docs/study-format.md.
 */
import type { CounterbalanceOrder, Sample } from './chance.ts'
import type { Test } from './comparison.ts'

export const needs = ['keyboard', 'audio', 'fullscreen', 'touch'] as const
export type Need = (typeof needs)[number]

export interface Condition {
  name: string
  weight?: number
  [variable: string]: unknown
}
export interface Requirements {
  minimumWidth?: number
  minimumHeight?: number
  needs?: Need[]
}
export interface Meta {
  /** BCP 47; `en` when absent. */
  language?: string
  conditions?: Condition[]
  /** Whether the participant sees how far they are. */
  progress?: boolean
  requirements?: Requirements
}
export interface Score {
  equals: unknown
  of?: string
  into?: string
}
export interface Loop {
  times?: number
  while?: Test
  max?: number
}
/** A trial (`type`) or a timeline (`timeline`); parameters of a timeline hold for every trial in it. */
export interface TimelineNode {
  name?: string
  type?: string
  timeline?: TimelineNode[]
  timeline_variables?: Record<string, unknown>[]
  repetitions?: number
  randomize_order?: boolean
  sample?: Sample
  loop?: Loop
  conditional?: Test
  per_condition?: Record<string, Record<string, unknown> | null>
  score?: Score
  data?: Record<string, unknown>
  record_data?: boolean
  save_timeline_variables?: boolean | string[]
  [parameter: string]: unknown
}
export interface TimelineConfiguration extends Meta {
  kind: 'timeline'
  counterbalance?: { tasks: string[]; order: CounterbalanceOrder }
  timeline: TimelineNode[]
}
export interface WebConfiguration extends Meta {
  kind: 'web'
  entry: string
}
export type Configuration = TimelineConfiguration | WebConfiguration
