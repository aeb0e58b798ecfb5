import { Anchor, Button, Group, Modal, NumberInput, Radio, Stack, Text, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { ProblemError, type Client } from '../../../../clients/api.ts'
import { linkKindMeaning, linkKinds, redirectHost, type LinkKind } from '../../../../domain/studies/links.ts'
import { type Study, useAct, useDraft } from '../hooks.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'

type NewLink = Parameters<Client['studies']['createLink']>[0]['body']
type Made = Awaited<ReturnType<Client['studies']['createLink']>>
interface Form {
  kind: LinkKind
  label: string
  hours: number
  quota: number | ''
  completionUrl: string
  abortUrl: string
  parameter: string
  outsideId: string
}
const blank: Form = {
  kind: 'general',
  label: '',
  hours: 72,
  quota: '',
  completionUrl: '',
  abortUrl: '',
  parameter: '',
  outsideId: '',
}

/** What recruiters expect: the parameter that carries their id, and where participants go back to. */
const presets = {
  Prolific: {
    host: 'app.prolific.com',
    parameter: 'PROLIFIC_PID',
    completionUrl: 'https://app.prolific.com/submissions/complete?cc=YOUR-CODE',
    hint: 'Replace YOUR-CODE by the completion code that Prolific shows for your study.',
  },
  SONA: {
    host: 'YOUR-SCHOOL.sona-systems.com',
    parameter: 'survey_code',
    completionUrl:
      'https://YOUR-SCHOOL.sona-systems.com/webstudy_credit.aspx?experiment_id=1&credit_token=YOUR-TOKEN&survey_code={outsideId}',
    hint: 'Paste the completion address from SONA and put {outsideId} where it says survey_code=XXXX.',
  },
} as const
const hostOf = (address: string): string => /^https?:\/\/([^/?#:\\{}@\s]+)/i.exec(address)?.[1]?.toLowerCase() ?? ''

/** What is wrong with an address that participants are sent to. */
function addressError(address: string): string | undefined {
  if (address && redirectHost(address, [hostOf(address)]) === undefined)
    return 'An https address, such as https://app.prolific.com/…'
  return /YOUR-/.test(address) ? 'Fill in what is yours, in place of YOUR-…' : undefined
}

/** The link to be made. What was typed for another kind of link is left out. */
function bodyOf({ kind, label, hours, quota, completionUrl, abortUrl, parameter, outsideId }: Form): NewLink {
  const counted = kind === 'general' || kind === 'personal'
  return {
    kind,
    label,
    hours,
    ...(quota !== '' && counted ? { quota } : {}),
    ...(completionUrl ? { completionUrl } : {}),
    ...(abortUrl ? { abortUrl } : {}),
    ...(parameter ? { outsideIdParameter: parameter } : {}),
    ...(kind === 'personal' && outsideId ? { outsideId } : {}),
  }
}

/** Makes a link for participants, with where they go at the end. */
export function MakeLink({ study, close, done }: { study: Study; close: () => void; done: (link: Made) => void }) {
  const client = useQueryClient()
  const [saved, setSaved] = useDraft<Form>(`link.${study.studyId}`)
  const form = saved ?? blank
  const put = (change: Partial<Form>) => setSaved({ ...form, ...change })
  const [more, setMore] = useState(Boolean(form.completionUrl || form.parameter))
  const [hint, setHint] = useState('')
  const { busy, error, act } = useAct()
  const hosts = [...new Set([form.completionUrl, form.abortUrl].filter(Boolean).map(hostOf))]
  const missing = hosts.filter((h) => h && !study.redirectHosts.includes(h))
  const bad = addressError(form.completionUrl) ?? addressError(form.abortUrl)
  const allow = () =>
    act('allow', async () =>
      client.setQueryData(
        ['study', study.studyId],
        await api.studies.change({
          params: { studyId: study.studyId },
          body: { redirectHosts: [...study.redirectHosts, ...missing], rev: study.rev },
        }),
      ),
    )
  const make = () =>
    act('make', async () => {
      const link = await api.studies.createLink({ params: { studyId: study.studyId }, body: bodyOf(form) })
      setSaved(undefined)
      done(link)
    })
  return (
    <Modal opened onClose={close} title="Make a link" size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!bad) void make()
        }}
      >
        <Stack>
          <Radio.Group label="For" value={form.kind} onChange={(v) => put({ kind: v as LinkKind })}>
            <Stack gap={6} mt={6}>
              {linkKinds.map((kind) => (
                <Radio
                  key={kind}
                  value={kind}
                  label={
                    <>
                      <b>{kind[0]!.toUpperCase() + kind.slice(1)}</b>: {linkKindMeaning[kind]}
                    </>
                  }
                />
              ))}
            </Stack>
          </Radio.Group>
          <TextInput
            label="Label"
            description="To tell links apart; participants do not see it"
            value={form.label}
            maxLength={120}
            onChange={(e) => put({ label: e.currentTarget.value })}
          />
          <Group grow align="flex-start">
            <NumberInput
              label="Expires after"
              suffix=" hours"
              min={1}
              max={720}
              clampBehavior="blur"
              allowDecimal={false}
              value={form.hours}
              onChange={(v) => put({ hours: Number(v) || 72 })}
              description="72 hours is three days; 720 at most"
            />
            {(form.kind === 'general' || form.kind === 'personal') && (
              <NumberInput
                label="Quota"
                placeholder="No limit"
                min={1}
                max={1_000_000}
                allowDecimal={false}
                value={form.quota}
                onChange={(v) => put({ quota: v === '' ? '' : Number(v) })}
                description="Runs that may start with it"
              />
            )}
          </Group>
          {form.kind === 'personal' && (
            <TextInput
              label="Whose it is"
              description="Your own id of the person, kept only as a keyed hash"
              value={form.outsideId}
              maxLength={200}
              onChange={(e) => put({ outsideId: e.currentTarget.value })}
            />
          )}
          {form.kind !== 'preview' && (
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
          )}
          {missing.length > 0 && !bad && (
            <div className="panel">
              <Text size="sm">
                This study does not send participants to <b>{missing.join(', ')}</b> yet. Redirects go only to hosts
                that it allows (see{' '}
                <Anchor component={Link} to={`/studies/${study.studyId}/settings`} underline="always">
                  Settings
                </Anchor>
                ).
              </Text>
              <Button mt="xs" size="compact-sm" variant="default" onClick={() => void allow()}>
                Allow {missing.join(', ')}
              </Button>
            </div>
          )}
          <ProblemNotice
            error={error}
            title={
              error instanceof ProblemError && error.kind === 'redirect-not-allowed'
                ? 'Allow the host first'
                : undefined
            }
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={busy === 'make'} disabled={Boolean(bad) || missing.length > 0}>
              Make the link
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
