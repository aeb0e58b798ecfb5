import { Alert, Code, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useApi, useMay, useOrganisation } from '../hooks.ts'
import styles from './Notices.module.css'

/** Asked again so often: what is settled on the machine goes from every open page. */
const askAgainMs = 60_000

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short' })

/** What the installation wants of whoever administers it, above every page until it is settled. */
export function Notices() {
  const here = useOrganisation()
  const may = useMay()
  return here && may('people.manage') ? <OfOrganisation organisationId={here.organisationId} /> : null
}

function OfOrganisation({ organisationId }: { organisationId: string }) {
  const api = useApi()
  const { data } = useQuery({
    queryKey: ['notices', organisationId],
    queryFn: () => api.access.notices({ params: { organisationId } }),
    refetchInterval: askAgainMs,
    retry: false,
  })
  if (!data?.restored) return null
  const { backup, withdrawals } = data.restored
  return (
    <section aria-label="Notice for administrators">
      <Alert
        role="none"
        color="yellow"
        variant="outline"
        radius={0}
        icon={<IconAlertTriangle size={18} aria-hidden />}
        title={
          withdrawals === 'unknown'
            ? 'Withdrawals since a backup are not known'
            : 'Withdrawals since a backup are still to be done'
        }
        className={styles.notice}
      >
        <Text size="sm">
          This installation was restored from a backup of <time dateTime={backup}>{day.format(new Date(backup))}</time>.{' '}
          {withdrawals === 'unknown' ? (
            <>
              Nobody has said which runs were withdrawn since, so they are all here again. Open no results until whoever
              runs the host has named them with <Code>cloister withdrawals LIST</Code> (an empty list says that there
              were none) and started it again.
            </>
          ) : (
            <>
              The runs that were withdrawn since are named. Open no results until whoever runs the host has started it
              again, which withdraws them.
            </>
          )}
        </Text>
      </Alert>
    </section>
  )
}
