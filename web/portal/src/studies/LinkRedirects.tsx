import { Anchor, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Study } from '../hooks.ts'
import { addressError, type LinkDraft, presets } from './link-draft.ts'

/**
 * Where participants go at the end, and the recruiter's id of them; presets fill in what recruiters expect. A preview
 * has none of it.
 */
export function LinkRedirects({ form, put }: { form: LinkDraft; put: (change: Partial<LinkDraft>) => void }) {
  const [more, setMore] = useState(Boolean(form.completionUrl || form.parameter))
  const [hint, setHint] = useState('')
  if (form.kind === 'preview') return null
  return (
    <>
      <Group gap="xs">
        <Text size="sm" fw={500}>
          Recruiting with
        </Text>
        {Object.entries(presets).map(([name, preset]) => (
          <Button
            key={name}
            size="compact-sm"
            variant="default"
            onClick={() => {
              put({
                parameter: preset.parameter,
                completionUrl: preset.completionUrl,
                label: form.label || name,
              })
              setHint(preset.hint)
              setMore(true)
            }}
          >
            {name}
          </Button>
        ))}
        <Button size="compact-sm" variant="subtle" onClick={() => setMore(!more)} aria-expanded={more}>
          {more ? 'Hide redirects' : 'Redirects and ids'}
        </Button>
      </Group>
      {more && (
        <Stack gap="sm">
          {hint && (
            <Text size="sm" role="status">
              {hint}
            </Text>
          )}
          <TextInput
            label="Send participants here when they finish"
            value={form.completionUrl}
            error={addressError(form.completionUrl)}
            onChange={(e) => put({ completionUrl: e.currentTarget.value.trim() })}
            description="Only after everything they sent has arrived. {runId}, {outsideId}, {state} and {parameter:NAME} are filled in."
          />
          <TextInput
            label="Send participants here when they stop early"
            value={form.abortUrl}
            error={addressError(form.abortUrl)}
            onChange={(e) => put({ abortUrl: e.currentTarget.value.trim() })}
          />
          <TextInput
            label="Parameter with the recruiter’s id"
            placeholder="PROLIFIC_PID"
            value={form.parameter}
            onChange={(e) => put({ parameter: e.currentTarget.value.trim() })}
            description="Kept only as a keyed hash: you can tell people apart, not who they are"
          />
        </Stack>
      )}
    </>
  )
}

/** Hosts that the study does not send participants to yet, and a button that changes that. */
export function AllowHosts({ study, hosts, allow }: { study: Study; hosts: readonly string[]; allow: () => void }) {
  return (
    <div className="panel">
      <Text size="sm">
        This study does not send participants to <b>{hosts.join(', ')}</b> yet. Redirects go only to hosts that it
        allows (see{' '}
        <Anchor component={Link} to={`/studies/${study.studyId}/settings`} underline="always">
          Settings
        </Anchor>
        ).
      </Text>
      <Button mt="xs" size="compact-sm" variant="default" onClick={allow}>
        Allow {hosts.join(', ')}
      </Button>
    </div>
  )
}
