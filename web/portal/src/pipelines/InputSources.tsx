import { Button, Group, Menu, Select, Text } from '@mantine/core'
import { Dropzone } from '@mantine/dropzone'
import { useOrganisation } from '../hooks.ts'
import { useDatasets } from '../queries/datasets.ts'
import dropStyles from '../parts/drop.module.css'
import { FromRun } from './FromRun.tsx'
import type { Declared, Source } from './useInput.ts'

const dropWords: Partial<Record<string, string>> = {
  images: 'Drop a stack or a folder of images here, or click',
  table: 'Drop a table here, or click',
}

/** Where files of an input are dropped, and a way to what is elsewhere. */
export function InputDrop({
  input,
  filled,
  take,
  choose,
}: {
  input: Declared
  filled: boolean
  take: (files: File[]) => void
  choose: (from: 'run' | 'dataset') => void
}) {
  return (
    <Group mt="sm" align="stretch">
      <Dropzone
        onDrop={take}
        multiple={input.kind !== 'table'}
        className={`${dropStyles.drop} grow`}
        aria-label={`Add files for ${input.title ?? input.name}`}
      >
        <Text ta="center" size="sm">
          {filled ? 'Drop others here to replace it' : (dropWords[input.kind] ?? 'Drop files here, or click')}
        </Text>
      </Dropzone>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button size="compact-sm" variant="default">
            From elsewhere
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => choose('run')}>A result of a run</Menu.Item>
          <Menu.Item onClick={() => choose('dataset')}>A dataset</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  )
}

/** A result of a run, or a dataset, to fill an input with. */
export function InputChoice({
  from,
  replace,
}: {
  from: 'run' | 'dataset' | undefined
  replace: (sources: Source[]) => void
}) {
  const here = useOrganisation()
  const { data: datasets } = useDatasets(here?.organisationId)
  return (
    <>
      {from === 'dataset' && (
        <Select
          mt="sm"
          label="Dataset"
          placeholder="Choose one"
          data={(datasets ?? []).filter((d) => d.mayAnalyse).map((d) => ({ value: d.datasetId, label: d.title }))}
          onChange={(value) => {
            if (value) replace([{ from: 'dataset', datasetId: value }])
          }}
          maw={420}
        />
      )}
      {from === 'run' && <FromRun take={(jobId, path) => replace([{ from: 'run', jobId, path }])} />}
    </>
  )
}
