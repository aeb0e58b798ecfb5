/** For tests: DynamoDB's protocol without DynamoDB, in memory, on a free port of this process, with the one table. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import dynalite from 'dynalite'
import { storeAt } from './dynamo-http.ts'

export interface Dynalite {
  endpoint: string
  close(): Promise<void>
}

/** Starts dynalite with one table of this name, made as lib/ makes it in AWS. */
export async function startDynalite(TableName: string): Promise<Dynalite> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await makeDynamoTable(endpoint, TableName)
  return {
    endpoint,
    async close() {
      const closed = new Promise((resolve) => {
        server.close(resolve)
      })
      server.closeAllConnections()
      await closed
    },
  }
}

/** Makes the one table, as lib/ makes it in AWS, and returns when it can be used. */
export async function makeDynamoTable(endpoint: string, TableName: string): Promise<void> {
  const send = storeAt(endpoint)
  await send('CreateTable', {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'sk', 'gpk', 'gsk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'index',
        KeySchema: [
          { AttributeName: 'gpk', KeyType: 'HASH' },
          { AttributeName: 'gsk', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  })
  const isActive = async (): Promise<boolean> =>
    (await send<{ Table: { TableStatus: string } }>('DescribeTable', { TableName })).Table.TableStatus === 'ACTIVE'
  while (!(await isActive()))
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
}
