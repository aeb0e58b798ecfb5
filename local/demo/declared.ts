/** What the demo's custodian declares of its datasets: the same form as a `dataset.json`. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type DatasetFile, datasetFileName, readDatasetFile } from '../../clients/dataset-file.ts'
import { defaultDatasetPolicy } from '../../domain/datasets/policy.ts'
import { clinicalTrial } from './clinical.ts'
import { imaging, maskPath } from './imaging.ts'
import { small } from './small.ts'

type Declared = Required<DatasetFile>
export interface DemoDataset {
  declared: Declared
  files: Record<string, string | Uint8Array>
}

const imagingData: Declared = {
  name: 'imaging_data',
  title: 'Scans with a region of interest',
  declaredSubjects: '100',
  description:
    'A hundred invented scans of 16 x 16 x 16 voxels in one space, with a mask of the putamen. paths.csv lists the volumes; scripts read them with nibabel below catalogs/imaging_data/.',
  schema: {
    tables: [
      {
        name: 'metadata',
        file: 'metadata.csv',
        meaning: 'One row a person',
        oneRowPerSubject: true,
        columns: [
          { name: 'subject_id', type: 'text', role: 'subject' },
          { name: 'age', type: 'integer', unit: 'years', minimum: 35, maximum: 85 },
          { name: 'sex', type: 'category', categories: ['female', 'male'] },
          { name: 'diagnosis', type: 'category', categories: ['control', 'patient'] },
          { name: 'scanner', type: 'category', categories: ['A', 'B', 'C'] },
          {
            name: 'moca',
            type: 'integer',
            unit: 'points',
            minimum: 0,
            maximum: 30,
            meaning: 'Montreal Cognitive Assessment',
          },
        ],
      },
      {
        name: 'paths',
        file: 'paths.csv',
        meaning: 'One row a scan',
        oneRowPerSubject: true,
        columns: [
          { name: 'subject_id', type: 'text', role: 'subject' },
          { name: 'path', type: 'text', meaning: 'Of the volume, below the dataset’s folder' },
        ],
      },
    ],
    images: [
      {
        name: 'scans',
        kind: 'nifti',
        table: 'paths',
        path: 'path',
        masks: [maskPath],
        meaning: 'Intensity, aligned to one space',
      },
    ],
  },
  policy: {
    ...defaultDatasetPolicy,
    languages: ['python', 'notebook'],
    modes: ['rules', 'review'],
    budget: { epsilon: 0, delta: 1e-6 },
  },
}

const demoDataset: Declared = {
  name: 'demo_dataset',
  title: 'Fifty records to try things on',
  declaredSubjects: '50',
  description: 'An invented intervention with a score before and after. Everything is allowed, on a small budget.',
  schema: {
    tables: [
      {
        name: 'records',
        file: 'records.csv',
        meaning: 'One row a person',
        oneRowPerSubject: true,
        columns: [
          { name: 'record_id', type: 'text', role: 'subject' },
          { name: 'study_group', type: 'category', categories: ['control', 'intervention'] },
          { name: 'age', type: 'integer', unit: 'years', minimum: 18, maximum: 80 },
          { name: 'smoker', type: 'boolean' },
          { name: 'score_before', type: 'number', unit: 'points', minimum: 0, maximum: 100 },
          { name: 'score_after', type: 'number', unit: 'points', minimum: 0, maximum: 100 },
        ],
      },
    ],
    images: [],
  },
  policy: { ...defaultDatasetPolicy, budget: { epsilon: 2, delta: 1e-6 } },
}

/** The demo's three datasets; the first is declared as the example that ships with the platform. */
export async function demoDatasets(): Promise<DemoDataset[]> {
  const folder = new URL('../../examples/datasets/clinical_trial_data/', import.meta.url)
  const clinical = readDatasetFile(await readFile(fileURLToPath(new URL(datasetFileName, folder)), 'utf8')) as Declared
  return [
    { declared: clinical, files: clinicalTrial() },
    { declared: imagingData, files: imaging() },
    { declared: demoDataset, files: small() },
  ]
}
