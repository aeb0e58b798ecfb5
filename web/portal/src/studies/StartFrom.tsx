import { Button, Group, Radio, Stack, Text } from '@mantine/core'
import { Dropzone } from '@mantine/dropzone'
import { useRef } from 'react'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import choiceStyles from '../parts/choice.module.css'
import dropStyles from '../parts/drop.module.css'
import type { Example } from './study-source.ts'

/** What a new study starts from: one of the examples, files, or nothing. */
export function StartFrom({
  examples,
  pick,
  start,
}: {
  examples: { list: readonly Example[] | undefined; failed: boolean }
  pick: string
  start: (value: string) => void
}) {
  return (
    <Radio.Group label="Start from" value={pick} onChange={start}>
      <Stack gap="xs" mt={6}>
        {!examples.list && !examples.failed && <LoadingRows rows={3} height={58} />}
        {examples.list?.map((example) => (
          <Choice key={example.name} value={example.name} title={example.title} text={example.description} />
        ))}
        <Choice
          value="file"
          title="Import"
          text="A folder with study.json or index.html, or one .cloister.zip exported from here"
        />
        <Choice value="empty" title="Empty" text="One screen, to write the rest yourself" />
      </Stack>
    </Radio.Group>
  )
}

const Choice = ({ value, title, text }: { value: string; title: string; text: string }) => (
  <Radio.Card value={value} className={choiceStyles.choice} aria-label={title}>
    <Group wrap="nowrap" align="flex-start">
      <Radio.Indicator mt={3} />
      <div>
        <Text fw={500}>{title}</Text>
        <Text size="sm" c="dimmed">
          {text}
        </Text>
      </div>
    </Group>
  </Radio.Card>
)

/** Files dropped, chosen one by one, or a whole folder. `chosen`: the name of what was read. */
export function FileChooser({ take, chosen }: { take: (files: File[]) => void; chosen: string | undefined }) {
  const folder = useRef<HTMLInputElement>(null)
  return (
    <div>
      <Dropzone onDrop={take} multiple className={dropStyles.drop} aria-label="Choose files to import">
        <Text ta="center">
          {chosen ? (
            <>
              <b>{chosen}</b> is ready. Drop something else to replace it.
            </>
          ) : (
            'Drop a folder or a .cloister.zip here, or click to choose files'
          )}
        </Text>
      </Dropzone>
      <input
        ref={folder}
        type="file"
        hidden
        multiple
        aria-label="Choose a folder"
        {...{ webkitdirectory: '' }}
        onChange={(event) => {
          if (event.currentTarget.files?.length) take([...event.currentTarget.files])
        }}
      />
      <Button mt="xs" size="compact-sm" variant="default" onClick={() => folder.current?.click()}>
        Choose a folder
      </Button>
    </div>
  )
}
