import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useMe } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { Page } from '../parts/Page.tsx'
import { greeting } from './greeting.ts'

/** Home of somebody who belongs to no organisation. */
export function Nowhere() {
  const me = useMe()
  return (
    <Page title={greeting(me)}>
      <Empty
        title="You do not belong to an organisation yet"
        action={
          me.mayCreateOrganisation && (
            <Button component={Link} to="/settings/organisation">
              Found an organisation
            </Button>
          )
        }
      >
        {me.mayCreateOrganisation
          ? 'Studies, people and keys belong to an organisation, such as a lab. Found one, or open the invitation link somebody sent you.'
          : 'Ask an admin of your lab for an invitation, and open the link they give you.'}
      </Empty>
    </Page>
  )
}
