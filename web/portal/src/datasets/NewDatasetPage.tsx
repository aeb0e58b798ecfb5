import { Button, Group, Stack, Textarea, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { ProblemError } from '../../../../clients/api.ts'
import { useDraft, useMay, useOrganisation } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import { isCatalogueName, nameFault, nameOf } from '../parts/catalogue-name.ts'
import { StepBar } from './StepBar.tsx'

interface Form {
  title: string
  name: string
  description: string
  declaredSubjects: string
}
const none: Form = { title: '', name: '', description: '', declaredSubjects: '' }

/** The first step of a registration: what it is called. Nothing is visible to anybody but custodians yet. */
export function NewDatasetPage() {
  const here = useOrganisation()
  const may = useMay()
  const navigate = useNavigate()
  const client = useQueryClient()
  const [draft, setDraft] = useDraft<Form>('new-dataset')
  const form = draft ?? none
  const put = (change: Partial<Form>) => setDraft({ ...form, ...change })
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const name = form.name || nameOf(form.title)
  const named = isCatalogueName(name)
  if (!here || !may('datasets.create'))
    return (
      <Page title="Register a dataset" back={{ to: '/datasets', label: 'Datasets' }}>
        <Empty title="Custodians register datasets">
          Ask a custodian of your organisation. They answer for who may ask it and for every number that leaves.
        </Empty>
      </Page>
    )
  const create = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const dataset = await api.datasets.create({
        params: { organisationId: here.organisationId },
        body: {
          name,
          title: form.title.trim(),
          description: form.description,
          ...(form.declaredSubjects.trim() ? { declaredSubjects: form.declaredSubjects.trim() } : {}),
        },
      })
      setDraft(undefined)
      void client.invalidateQueries({ queryKey: ['datasets'] })
      void navigate({ to: `/datasets/${dataset.datasetId}/register` })
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  const taken = error instanceof ProblemError && error.kind === 'already-exists'
  return (
    <Page
      title="Register a dataset"
      hint="Only custodians see it until you publish it, and you can leave at any step and come back."
      back={{ to: '/datasets', label: 'Datasets' }}
    >
      <StepBar now="name" done={[]} />
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (named && form.title.trim()) void create()
        }}
      >
        <Stack maw={680} gap="lg">
          <TextInput
            label="Title"
            description="What people read in the catalogue"
            required
            maxLength={120}
            value={form.title}
            onChange={(e) => put({ title: e.currentTarget.value })}
            placeholder="Parkinson trial, 2024"
            data-autofocus
          />
          <TextInput
            label="Catalogue name"
            description={
              <>
                Scripts find the files in <code>catalogs/{name || 'name'}/</code>. It cannot be changed later.
              </>
            }
            value={form.name}
            placeholder={nameOf(form.title) || 'parkinson_trial'}
            onChange={(e) => put({ name: e.currentTarget.value.toLowerCase() })}
            maxLength={60}
            error={nameFault(name, taken)}
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          />
          <Textarea
            label="Description"
            description="Where the data comes from, who is in it, what it can answer"
            autosize
            minRows={3}
            maxRows={12}
            maxLength={10_000}
            value={form.description}
            onChange={(e) => put({ description: e.currentTarget.value })}
          />
          <TextInput
            label="How many subjects, in words"
            description="Shown as you write it and never counted, for example “about 150 people with Parkinson’s”"
            maxLength={60}
            value={form.declaredSubjects}
            onChange={(e) => put({ declaredSubjects: e.currentTarget.value })}
          />
          {!taken && <ProblemNotice error={error} title="The dataset could not be made" />}
          <Group>
            <Button type="submit" loading={busy} disabled={!form.title.trim() || !named}>
              Go on to the files
            </Button>
          </Group>
        </Stack>
      </form>
    </Page>
  )
}
