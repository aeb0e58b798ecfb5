/**
 * The rules that every single cell of an answer has to keep, as a table: the gate judges by it (query-rules.ts; scripts
 * share the rules for models), and the quote of a job says its sentences. The thresholds come from the policy.
 *
 * Minimum frequency, dominance (the nk rule) and p% are those of Hundepool et al. 2012, "Statistical Disclosure
 * Control", chapter 4; the defaults are those of ACRO (Green, Ritchie and Smith 2021, "Automatic Checking of Research
 * Outputs").
 */
import type { DisclosurePolicy, Rule } from '../release/policy.ts'
import type { Contributions } from '../sql/result.ts'
import { shownCount } from './rounding.ts'

/** What the platform counted about one cell: everything that its rules look at. */
export interface CellFacts {
  /** Distinct subjects behind the row. */
  rowSubjects: number
  /** Distinct subjects behind the cell: those of the row who have a value. */
  subjects: number
  /** The cell's number is a count itself, so that it is redacted as one. */
  counts: boolean
  /** How many people stand between this part of the row and another part that the answer shows beside it. */
  apart: readonly PeopleApart[]
  /** Of a total or mean: what its largest contributors add to it. */
  contributions: Contributions | null
  /** Of a quantile: which one, between 0 and 1. */
  quantile?: number
  /** Of a statistic that fits a model: how many parameters it estimates. */
  parameters?: number
}
export interface PeopleApart {
  subjects: number
  /** One of the two parts says only that a column has values: that nobody is missing is then no secret. */
  natural: boolean
}

/** One rule: what it is called, what it says to people, and whether the facts break it. */
export interface ReleaseRule<Facts> {
  name: Rule
  /** One sentence, with the policy's own thresholds. */
  words(policy: DisclosurePolicy): string
  isBroken(facts: Facts, policy: DisclosurePolicy): boolean
}
export type CellRule = ReleaseRule<CellFacts>

/** A share between 0 and 1 as people write it: 0.9 is `90 %`. */
const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`

/** Enough people. An empty cell breaks it: that nobody is there is a fact about people. */
export const minimumSubjects: CellRule = {
  name: 'minimum-subjects',
  words: (policy) =>
    `No cell, row or statistic of fewer than ${policy.minimumSubjects} people, counted by the platform.`,
  isBroken(facts, policy) {
    if (facts.rowSubjects < policy.minimumSubjects || facts.subjects < policy.minimumSubjects) return true
    return facts.counts && shownCount(facts.subjects, policy) === undefined
  },
}

/**
 * What one part of a row shows beside another must not single out a few. Nobody is as telling as few, except where a
 * column merely has values.
 */
export const differencing: CellRule = {
  name: 'differencing',
  words: (policy) =>
    `Together with your earlier results, no group of 1 to ${policy.minimumSubjects - 1} people may be singled out.`,
  isBroken: (facts, policy) =>
    facts.apart.some(({ subjects, natural }) => subjects < policy.minimumSubjects && !(subjects === 0 && natural)),
}

/** A statistic over values that are all the same says the value of everybody in it. */
export const singleValue: CellRule = {
  name: 'single-value',
  words: () => 'A statistic whose values are all the same is left out.',
  isBroken: ({ contributions }) => contributions?.allEqual === true,
}

/**
 * The nk rule: the n largest contributors make up less than the share k of a total. Only the two largest are known one
 * by one; each further one is at most as large as the second.
 */
export const dominance: CellRule = {
  name: 'dominance',
  words: (policy) =>
    `The ${policy.dominanceCount} largest contributors must make up less than ${percent(policy.dominanceShare)} of a total.`,
  isBroken({ contributions }, policy) {
    if (!contributions || contributions.total <= 0) return false
    const { largest, second, total } = contributions
    const top = Math.min(total, largest + second * (policy.dominanceCount - 1))
    return top >= policy.dominanceShare * total
  },
}

/** The p% rule: the second largest contributor must not be able to work out the largest to within the share p of it. */
export const pRatio: CellRule = {
  name: 'p-ratio',
  words: (policy) =>
    `Without its two largest contributors, a total must keep at least ${percent(policy.pRatio)} of the largest.`,
  isBroken({ contributions }, policy) {
    if (!contributions || contributions.total <= 0) return false
    const { largest, second, total } = contributions
    return total - largest - second < policy.pRatio * largest
  },
}

/** A quantile needs half of the minimum on its shorter side: one further out is the value of a few. */
export const extreme: CellRule = {
  name: 'extreme',
  words: () => 'Minimum, maximum and other values of single people are left out; ask for percentiles.',
  isBroken: ({ subjects, quantile }, policy) =>
    quantile !== undefined && subjects * Math.min(quantile, 1 - quantile) < policy.minimumSubjects / 2,
}

/** A model that has about as many parameters as people writes its people down (ACRO: 10 degrees must be left). */
export const residualDegrees: ReleaseRule<Pick<CellFacts, 'subjects' | 'parameters'>> = {
  name: 'residual-degrees',
  words: (policy) => `A model needs at least ${policy.residualDegrees} residual degrees of freedom.`,
  isBroken: ({ subjects, parameters }, policy) =>
    parameters !== undefined && subjects - parameters < policy.residualDegrees,
}

/** All of them, in the order in which they are named when a cell breaks several. */
export const cellRules: readonly CellRule[] = [
  minimumSubjects,
  differencing,
  singleValue,
  dominance,
  pRatio,
  extreme,
  residualDegrees,
]

/** Names of the rules that a cell breaks under `policy`; empty when it may be shown. The first one is reported. */
export const rulesBrokenBy = (facts: CellFacts, policy: DisclosurePolicy): Rule[] =>
  cellRules.filter((rule) => rule.isBroken(facts, policy)).map((rule) => rule.name)
