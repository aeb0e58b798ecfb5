/** What a look at an installation's home finds, and what it comes to. */

/** Parts of a home, in the order in which they are told of. */
export const parts = [
  'store',
  'audit chain',
  'privacy budget',
  'runs',
  'objects',
  'keys',
  'sign-in',
  'secrets',
  'leftovers',
  'restore',
] as const
export type Part = (typeof parts)[number]

/** A repair whose outcome is known before it is made. */
export type Repair =
  /** A file that nothing names. */
  | { does: 'remove'; file: string }
  /** A file that others could read. */
  | { does: 'close'; file: string }
  /** Indexes of the table's database, which say nothing that its rows do not. */
  | { does: 'index' }
  /** Items of one entity that say nothing which others do not say. */
  | { does: 'derive'; entity: string }

export interface Finding {
  part: Part
  /** One sentence: what is wrong. */
  says: string
  /** One sentence: what to do about it. */
  todo: string
  /** `damage`: what was kept is lost or changed, or is not safe. `note`: worth knowing. */
  grade: 'damage' | 'note'
  repair?: Repair
}

/** Exit codes of a look: nothing is damaged, something is, it was not asked rightly. */
export const examinationExits = { whole: 0, damaged: 1, usage: 2, locked: 77 } as const

/** Whether anything is damaged. */
export const isDamaged = (findings: readonly Finding[]): boolean => findings.some((one) => one.grade === 'damage')

/** A finding as a person reads it: a line. */
export const sentenceOf = ({ part, says, todo }: Finding): string => `${part}: ${says} ${todo}`

/** In the order of `parts`; damage first. */
export const inOrder = (findings: readonly Finding[]): Finding[] =>
  [...findings].sort(
    (a, b) => Number(a.grade === 'note') - Number(b.grade === 'note') || parts.indexOf(a.part) - parts.indexOf(b.part),
  )
