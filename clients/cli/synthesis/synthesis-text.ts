/** A synthetic table in words: what it is of, what it cost, how near it is to the real one. */
import type { Client } from '../../api.ts'
import { columnFaultLines, day, table, tame } from '../text.ts'
import type { Synthesis } from './plan.ts'

type Card = NonNullable<Synthesis['card']>
type Evaluation = Synthesis['evaluations'][number]
type Quote = Awaited<ReturnType<Client['synthesis']['quote']>>
type Listed = Awaited<ReturnType<Client['synthesis']['list']>>['items'][number]

/** The mean total variation distance, from 0 to 1; "-" when nothing was compared. */
function meanDistance(list: readonly { tvd: number }[] | undefined): string {
  if (!list?.length) return '-'
  return (list.reduce((sum, { tvd }) => sum + tvd, 0) / list.length).toFixed(4)
}

function comparison({ model, tvd1, tvd2, noise }: Evaluation): string {
  if (model) {
    const real = model.aucReal === undefined ? '' : `, ${model.aucReal.toFixed(3)} from real ones`
    return `a model of ${tame(model.target)} has AUC ${model.aucSynthetic.toFixed(3)} from synthetic rows${real}`
  }
  const error = noise === undefined ? '' : ` (± ${noise.toFixed(4)})`
  return `columns differ by ${meanDistance(tvd1)} and pairs by ${meanDistance(tvd2)} on average${error}`
}

const cardLines = (card: Card): string[] => [
  '',
  `${tame(card.method)}${card.why ? ` (${tame(card.why)})` : ''}; ${card.rows} rows; epsilon ${card.epsilon} at delta ${card.delta}, ${card.nanoRho} nano-rho in ${card.drawn.length} draws`,
  '',
  tame(card.guarantee),
  '',
  tame(card.notMeasured),
]

/** A synthetic table as `synthesis show` prints it. */
export function synthesisText(synthesis: Synthesis): string {
  const { title, synthesisId, state, shared, expires, problem, faults, hints, card, evaluations } = synthesis
  const figures = evaluations.map((one) => `${one.charged ? 'paid for' : 'custodian only'}: ${comparison(one)}`)
  return [
    `${tame(title)} (${synthesisId}), ${state}${shared ? ', shared' : ''}${expires ? `, until ${day(expires)}` : ''}`,
    `of ${tame(synthesis.dataset)}, ${tame(synthesis.table)}`,
    ...(problem ? [tame(problem), ...columnFaultLines(faults ?? [])] : []),
    ...(hints ? ['', ...Object.entries(hints).map(([name, hint]) => `${tame(name)}: ${tame(hint)}`)] : []),
    ...(card ? cardLines(card) : []),
    ...(figures.length ? ['', ...figures] : []),
  ].join('\n')
}

/** What a plan costs, what it takes, and what may be expected of it. */
export function quoteText(quote: Quote): string {
  const minutes = Math.max(1, Math.round(quote.minutes))
  const bought = quote.bought.map(
    ({ what, nanoRho, error }) => `\n  bought: ${tame(what)} (${nanoRho} nano-rho). ${tame(error)}`,
  )
  return [
    `${quote.nanoRho} nano-rho, epsilon ${quote.epsilonLeft.toFixed(3)} left afterwards; `,
    `${quote.method}, about ${minutes} min and ${quote.memoryMb} MB. ${tame(quote.expected.words)}.`,
    ...bought,
  ].join('')
}

/** Synthetic tables as `synthesis list` prints them. */
export const synthesisTable = (items: readonly Listed[]): string =>
  table(
    ['ID', 'STATE', 'SHARED', 'DATASET', 'TABLE', 'TITLE'],
    items.map((one) => [one.synthesisId, one.state, one.shared ? 'yes' : 'no', one.dataset, one.table, one.title]),
  )
