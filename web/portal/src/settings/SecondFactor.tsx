import { Anchor, Button, Group, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useAct, useApi, useMe, useRecentLogin } from '../hooks.ts'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { session } from '../session/session.ts'

/** Whether the organisation is open to sign-ins by a password alone; an admin who has two factors may change it. */
export function SecondFactor({
  organisation: { organisationId, secondFactor, rev },
}: {
  organisation: { organisationId: string; secondFactor: boolean; rev: number }
}) {
  const api = useApi()
  const client = useQueryClient()
  const me = useMe()
  const recently = useRecentLogin()
  const { busy, error, act } = useAct()
  const queryKey = ['organisation', organisationId]
  const demand = (demanded: boolean) =>
    act('demand', async () => {
      try {
        const body = { demanded, rev }
        const now = await recently(() => api.access.demandSecondFactor({ params: { organisationId }, body }))
        client.setQueryData(queryKey, now)
      } catch (e) {
        void client.invalidateQueries({ queryKey })
        throw e
      }
    })
  return (
    <Section
      title="Second factor"
      hint="A code of an authenticator app beside the password, a passkey, or the campus’ own second factor."
    >
      <Text size="sm" mb="sm">
        {secondFactor
          ? 'Only people who signed in by two factors come into this organisation. Others are told how to set one up; nothing of theirs is lost.'
          : 'People come into this organisation by a password alone, too.'}
      </Text>
      {!me.secondFactor && (
        <Text size="sm" mb="sm">
          You signed in by one factor, and would be the first whom this shuts out: set up a second one
          {session.settings()?.account ? (
            <>
              {' under '}
              <Anchor href={session.settings()!.account} underline="always">
                Sign-in and security
              </Anchor>
            </>
          ) : null}
          , sign out, and sign in with it.
        </Text>
      )}
      <ProblemNotice error={error} />
      <Group>
        <Button
          variant="default"
          loading={busy !== ''}
          disabled={!me.secondFactor}
          onClick={() => void demand(!secondFactor)}
        >
          {secondFactor ? 'Let one factor be enough' : 'Demand two factors'}
        </Button>
      </Group>
    </Section>
  )
}
