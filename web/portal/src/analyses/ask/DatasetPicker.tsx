import { Select } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import type { askedDataset } from './asked-dataset.ts'

/** Chooses the dataset of a new question, in the page's address; says why the one wanted cannot be asked. */
export function DatasetPicker({ asked: { askable, dataset, refusal } }: { asked: ReturnType<typeof askedDataset> }) {
  const navigate = useNavigate()
  return (
    <Select
      label="Dataset"
      mb="lg"
      maw={480}
      searchable
      allowDeselect={false}
      data={askable.map((each) => ({ value: each.datasetId, label: each.title }))}
      value={dataset?.datasetId ?? null}
      placeholder="Choose a dataset"
      onChange={(v) => v && void navigate({ to: '/analyses/ask', search: { dataset: v } as never, replace: true })}
      error={refusal}
    />
  )
}
