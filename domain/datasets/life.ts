/** The life of a dataset, as a table. */
export const datasetStates = ['draft', 'reading', 'proposed', 'published', 'retired'] as const
export type DatasetState = (typeof datasetStates)[number]

interface Row {
  to: readonly DatasetState[]
  answers: boolean
  meaning: string
}
/** `answers`: jobs may be asked of it (of its published version, whatever is being read beside it). */
export const datasetLife: Record<DatasetState, Row> = {
  draft: { to: ['reading', 'retired'], answers: false, meaning: 'Named, nothing read yet' },
  reading: {
    to: ['proposed', 'draft', 'retired'],
    answers: false,
    meaning: 'Its files are being read; a schema will be proposed to the custodian',
  },
  proposed: {
    to: ['published', 'reading', 'retired'],
    answers: false,
    meaning: 'A schema is proposed; nothing is visible before the custodian confirms it',
  },
  // Files that are read beside a version that stands change nothing for those who ask it.
  published: { to: ['retired'], answers: true, meaning: 'In the catalogue; questions can be asked' },
  retired: { to: [], answers: false, meaning: 'No more questions; released results stay' },
}
