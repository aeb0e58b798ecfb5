import { Button, Radio, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useOrganisation } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { count } from '../parts/figures.ts'
import { useAddress } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import { usePipelines } from './data.ts'
import { runtimeName } from './words.ts'
import choiceStyles from '../parts/choice.module.css'

/** A pipeline and a name; inputs and parameters come next. */
export function NewExperimentPage() {
  const here = useOrganisation()
  const navigate = useNavigate()
  const { data, error, refetch } = usePipelines(here?.organisationId)
  const [chosen, choose] = useAddress('pipeline')
  const [title, setTitle] = useState('')
  const [description, setDescription] = useState('')
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<unknown>()
  const offered = data?.filter((p) => !p.archived && p.may.includes('run'))
  const pipelineId = chosen || (offered?.length === 1 ? offered[0]!.pipelineId : '')
  const make = async () => {
    setBusy(true)
    setRefused(undefined)
    try {
      const experiment = await api.pipelines.createExperiment({
        params: { organisationId: here!.organisationId },
        body: { pipelineId, title: title.trim(), description: description.trim() },
      })
      void navigate({ to: `/experiments/${experiment.experimentId}` })
    } catch (e) {
      setRefused(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Page
      title="New experiment"
      back={{ to: '/pipelines', label: 'Pipelines' }}
      hint="Your own set-up of a pipeline. Every run of it is kept with all that it was made of."
    >
      <ProblemNotice error={error} retry={() => void refetch()} />
      {!offered && !error && <LoadingRows />}
      {offered?.length === 0 && (
        <Empty
          title="There is no pipeline to set up"
          action={
            <Button component={Link} to="/pipelines/publish">
              Publish a pipeline
            </Button>
          }
        >
          Somebody publishes one first: a folder with code and a pipeline.json.
        </Empty>
      )}
      {offered && offered.length > 0 && (
        <Stack maw={720} gap="lg">
          <Radio.Group label="Pipeline" value={pipelineId} onChange={choose}>
            <Stack gap="xs" mt={6}>
              {offered.map((pipeline) => (
                <Radio.Card
                  key={pipeline.pipelineId}
                  value={pipeline.pipelineId}
                  className={choiceStyles.choice}
                  aria-label={pipeline.title}
                >
                  <Text fw={600}>
                    {pipeline.title}{' '}
                    <Text span size="sm" c="dimmed">
                      version {pipeline.version}
                    </Text>
                  </Text>
                  <Text size="sm" c="dimmed">
                    {pipeline.description} {runtimeName[pipeline.runtime]}, {count(pipeline.parameters, 'parameter')}.
                  </Text>
                </Radio.Card>
              ))}
            </Stack>
          </Radio.Group>
          <TextInput
            label="Title"
            value={title}
            onChange={(e) => setTitle(e.currentTarget.value)}
            maxLength={120}
            required
          />
          <Textarea
            label="Description"
            description="What you want to find out"
            value={description}
            onChange={(e) => setDescription(e.currentTarget.value)}
            autosize
            minRows={2}
            maxLength={4000}
          />
          <ProblemNotice error={refused} title="It was not made" />
          <div>
            <Button onClick={() => void make()} loading={busy} disabled={!pipelineId || title.trim() === ''}>
              Go on to inputs and parameters
            </Button>
          </div>
        </Stack>
      )}
    </Page>
  )
}
