import { Button, Group, Modal, NumberInput, Radio, Stack, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { ProblemError, type Client } from '../../../../clients/api.ts'
import { linkKindMeaning, linkKinds, type LinkKind } from '../../../../domain/studies/links.ts'
import { type Study, useAct, useDraft } from '../hooks.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import { addressError, blankLink, bodyOf, hostOf, type LinkDraft } from './link-draft.ts'
import { AllowHosts, LinkRedirects } from './LinkRedirects.tsx'

type Made = Awaited<ReturnType<Client['studies']['createLink']>>

/** The link that is being made, kept in this browser, and the two things that can be done with it. */
function useLinkDraft(study: Study, done: (link: Made) => void) {
  const client = useQueryClient()
  const [saved, setSaved] = useDraft<LinkDraft>(`link.${study.studyId}`)
  const form = saved ?? blankLink
  const put = (change: Partial<LinkDraft>) => setSaved({ ...form, ...change })
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
  return { form, put, missing, bad, allow, make, busy, error }
}

/** Makes a link for participants, with where they go at the end. */
export function MakeLink({ study, close, done }: { study: Study; close: () => void; done: (link: Made) => void }) {
  const { form, put, missing, bad, allow, make, busy, error } = useLinkDraft(study, done)
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
          <LinkRedirects form={form} put={put} />
          {missing.length > 0 && !bad && <AllowHosts study={study} hosts={missing} allow={() => void allow()} />}
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
