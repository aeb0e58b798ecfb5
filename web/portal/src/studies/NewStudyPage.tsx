import { Button, Group, Stack, Textarea, TextInput } from '@mantine/core'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { UploadProgress } from '../parts/UploadProgress.tsx'
import { FileChooser, StartFrom } from './StartFrom.tsx'
import { useNewStudy } from './useNewStudy.ts'

/** A new study: what it starts from, and what it is called. Nothing can be launched from here. */
export function NewStudyPage() {
  const { examples, pick, start, take, chosen, fileError, title, description, put, ...making } = useNewStudy()
  const { progress, cancel, error, busy, ready, create } = making
  const exampleTitle = examples.list?.find((e) => e.name === pick)?.title
  return (
    <Page
      title="New study"
      hint="It begins as a draft: only you and the people you share it with see it."
      back={{ to: '/studies', label: 'Studies' }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void create()
        }}
      >
        <Stack maw={680} gap="lg">
          <StartFrom examples={examples} pick={pick} start={start} />
          {pick === 'file' && <FileChooser take={take} chosen={chosen} />}
          <ProblemNotice error={fileError} title="This cannot be imported" />
          <TextInput
            label="Title"
            description="Participants see it"
            placeholder={exampleTitle}
            value={title}
            maxLength={120}
            required={pick === 'empty' || pick === 'file'}
            onChange={(e) => put({ title: e.currentTarget.value, description })}
          />
          <Textarea
            label="Description"
            description="For you and your colleagues; participants never see it"
            autosize
            minRows={2}
            maxRows={8}
            maxLength={4000}
            value={description}
            onChange={(e) => put({ title, description: e.currentTarget.value })}
          />
          {progress && <UploadProgress progress={progress} cancel={cancel} />}
          <ProblemNotice error={error} title="The study could not be created" />
          <Group>
            <Button type="submit" loading={busy} disabled={!ready}>
              Create study
            </Button>
          </Group>
        </Stack>
      </form>
    </Page>
  )
}
