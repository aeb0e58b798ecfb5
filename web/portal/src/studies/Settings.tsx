import { Button, Group, Radio, Stack, TagsInput, Text, Textarea, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { ProblemError } from '../../../../clients/api.ts'
import { RedirectHost } from '../../../../contracts/studies.ts'
import { runtimeMeaning, runtimes, type Runtime } from '../../../../domain/studies/life.ts'
import { type Study, useDraft, useMay } from '../hooks.ts'
import { ConfirmByName } from '../parts/ConfirmByName.tsx'
import { CopyId } from '../parts/CopyId.tsx'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'

interface Form {
  title: string
  description: string
  runtime: Runtime
  redirectHosts: string[]
}
const runtimeName: Record<Runtime, string> = {
  platform: 'Here',
  jatos: 'On a JATOS server',
  hybrid: 'Here and on JATOS',
}
const promises: Record<Runtime, string> = {
  platform: 'Every record is sealed in the participant’s browser and none that was acknowledged is lost.',
  jatos:
    'Nothing changes for your participants. Results stay on the JATOS server; bringing them over comes with the JATOS adapters.',
  hybrid: 'For moving a lab over: what is promised for “Here” holds for links made here only.',
}

/** Title, description, where it runs, where it may send participants, and deleting it. */
export function Settings({ study }: { study: Study }) {
  const may = useMay()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [draft, setDraft] = useDraft<Form>(`settings.${study.studyId}`)
  const form: Form = draft ?? {
    title: study.title,
    description: study.description,
    runtime: study.runtime,
    redirectHosts: study.redirectHosts,
  }
  const put = (change: Partial<Form>) => {
    setSaved(false)
    setDraft({ ...form, ...change })
  }
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const [saved, setSaved] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const wrong = form.redirectHosts.filter((h) => !RedirectHost.safeParse(h).success)
  const deletable = study.state === 'draft' || study.state === 'closed'
  const save = async () => {
    setBusy(true)
    setError(undefined)
    try {
      client.setQueryData(
        ['study', study.studyId],
        await api.studies.change({ params: { studyId: study.studyId }, body: { ...form, rev: study.rev } }),
      )
      setDraft(undefined)
      setSaved(true)
      void client.invalidateQueries({ queryKey: ['studies'] })
    } catch (e) {
      setError(e)
      if (e instanceof ProblemError && e.kind === 'changed-meanwhile')
        void client.invalidateQueries({ queryKey: ['study', study.studyId] })
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (wrong.length === 0) void save()
        }}
      >
        <Stack maw={680} gap="lg">
          <TextInput
            label="Title"
            description="Participants see it"
            required
            maxLength={120}
            value={form.title}
            onChange={(e) => put({ title: e.currentTarget.value })}
          />
          <Textarea
            label="Description"
            description="For you and your colleagues; participants never see it"
            autosize
            minRows={2}
            maxRows={10}
            maxLength={4000}
            value={form.description}
            onChange={(e) => put({ description: e.currentTarget.value })}
          />
          <Radio.Group label="Where it runs" value={form.runtime} onChange={(v) => put({ runtime: v as Runtime })}>
            <Stack gap="sm" mt={6}>
              {runtimes.map((runtime) => (
                <Radio
                  key={runtime}
                  value={runtime}
                  label={runtimeName[runtime]}
                  description={`${runtimeMeaning[runtime]}. ${promises[runtime]}`}
                />
              ))}
            </Stack>
          </Radio.Group>
          <TagsInput
            label="May send participants to"
            description="Host names for redirects at the end, such as app.prolific.com"
            placeholder={form.redirectHosts.length === 0 ? 'No redirects' : ''}
            maxTags={20}
            value={form.redirectHosts}
            onChange={(hosts) =>
              put({
                redirectHosts: hosts.map((host) =>
                  host
                    .trim()
                    .toLowerCase()
                    .replace(/^https?:\/\//, '')
                    .replace(/\/.*/s, ''),
                ),
              })
            }
            error={wrong.length > 0 ? `${wrong.join(', ')} is not a host name` : undefined}
            clearButtonProps={{ 'aria-label': 'Remove all hosts' }}
          />
          <ProblemNotice error={error} />
          <Group>
            <Button type="submit" loading={busy} disabled={!draft || wrong.length > 0}>
              Save
            </Button>
            {draft && (
              <Button
                variant="default"
                onClick={() => {
                  setDraft(undefined)
                  setError(undefined)
                }}
              >
                Discard
              </Button>
            )}
            {saved && (
              <Text size="sm" c="dimmed" role="status">
                Saved
              </Text>
            )}
          </Group>
          <Group gap="xs">
            <Text size="sm" c="dimmed">
              Study id
            </Text>
            <CopyId value={study.studyId} label="study id" />
          </Group>
        </Stack>
      </form>
      {may('study.delete', study) && (
        <Section
          title="Delete"
          hint="Only a draft or closed study that holds no results can be deleted. Its versions and links go with it; its history stays in the audit chain."
        >
          <Button
            variant="outline"
            color="var(--mantine-color-error)"
            disabled={!deletable}
            onClick={() => setDeleting(true)}
          >
            Delete this study
          </Button>
          {!deletable && (
            <Text size="sm" c="dimmed" mt={6}>
              Close it first.
            </Text>
          )}
          <ConfirmByName
            opened={deleting}
            onClose={() => setDeleting(false)}
            title="Delete this study"
            name={study.title}
            label="Delete for good"
            act={async () => {
              await api.studies.remove({ params: { studyId: study.studyId }, query: { title: study.title } })
              void client.invalidateQueries({ queryKey: ['studies'] })
              void navigate({ to: '/studies' })
            }}
          >
            All versions, files and links of “{study.title}” are deleted and cannot be brought back.
          </ConfirmByName>
        </Section>
      )}
    </>
  )
}
