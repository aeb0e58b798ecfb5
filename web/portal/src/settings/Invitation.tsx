import { Button, Group, Stack, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useRouterState } from '@tanstack/react-router'
import { useState } from 'react'
import { chooseOrganisation, useApi, useMe } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'

/**
 * Behind an invitation link. The invitation stands in the address's fragment, which browsers send to no server, so that
 * no log holds it.
 */
export function InvitationPage() {
  const api = useApi()
  const me = useMe()
  const client = useQueryClient()
  const navigate = useNavigate()
  const invitation = useRouterState({ select: (s) => s.location.hash }).replace(/^#/, '')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const accept = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const { organisationId } = await api.access.acceptInvitation({ body: { invitation } })
      await client.invalidateQueries({ queryKey: ['me'] })
      chooseOrganisation(organisationId)
      await navigate({ to: '/', replace: true })
    } catch (e) {
      setError(e)
      setBusy(false)
    }
  }
  if (!/^[A-Za-z0-9_-]{20,100}$/.test(invitation))
    return (
      <Page title="Invitation">
        <Empty title="This link is not whole">
          Open the link exactly as you were sent it: the part after # is missing or was cut. If it still does not work,
          ask for a new one.
        </Empty>
      </Page>
    )
  return (
    <Page title="You are invited" hint="You join the organisation with the roles that its admin chose for you.">
      <Stack className="panel" maw={520}>
        <Text>
          You will join as <b>{me.name || me.email}</b>. An invitation works once, for whoever accepts it; if this is
          not you, sign out first.
        </Text>
        <ProblemNotice error={error} />
        <Group>
          <Button onClick={() => void accept()} loading={busy}>
            Join
          </Button>
        </Group>
      </Stack>
    </Page>
  )
}
