import { expect, it } from 'vitest'
import { exampleDataset } from '../../../testing/examples.ts'
import type { Dataset } from '../../queries/datasets.ts'
import { askedDataset } from './asked-dataset.ts'

const { schema: _, ...withoutSchema } = exampleDataset
const first: Dataset = { ...exampleDataset, datasetId: 'dat_first' }
const second: Dataset = { ...exampleDataset, datasetId: 'dat_second' }
const closed: Dataset = { ...exampleDataset, datasetId: 'dat_closed', title: 'Closed', mayAnalyse: false }
const reading: Dataset = { ...withoutSchema, datasetId: 'dat_reading', title: 'Reading', why: 'it is being read.' }
const datasets = [closed, first, reading, second]
const nothing = { wanted: undefined, again: undefined }

it('lets choose among datasets that may be asked and have a schema', () => {
  expect(askedDataset(datasets, nothing).askable).toEqual([first, second])
  expect(askedDataset([closed, reading], nothing)).toEqual({ askable: [], dataset: undefined, refusal: undefined })
})

it.each([
  { of: 'the first when nothing is wanted', ...nothing, dataset: first },
  { of: 'the one wanted', wanted: 'dat_second', again: undefined, dataset: second },
  { of: 'the one an earlier question was about', wanted: 'dat_second', again: 'job_1', dataset: second },
  { of: 'none while the dataset of an earlier question is unknown', wanted: undefined, again: 'job_1' },
  { of: 'none when nobody knows the one wanted', wanted: 'dat_unknown', again: undefined },
])('asks $of', ({ wanted, again, dataset }) => {
  expect(askedDataset(datasets, { wanted, again })).toMatchObject({ dataset, refusal: undefined })
})

it.each([
  { wanted: 'dat_closed', refusal: '“Closed” cannot be asked now.' },
  { wanted: 'dat_reading', refusal: '“Reading” cannot be asked now: it is being read.' },
])('says why $wanted cannot be asked, and takes no other in its place', ({ wanted, refusal }) => {
  expect(askedDataset(datasets, { wanted, again: undefined })).toMatchObject({ dataset: undefined, refusal })
})
