/** The table on the embedded store: DynamoDB's operations over its real protocol, and the making of the table. */
import type { Table } from '../../ports/table.ts'
import { dynamoTable } from '../aws/dynamo-table.ts'
import { storeAt } from './dynamo-http.ts'

export interface LocalTableOptions {
  endpoint: string
  tableName: string
}

/** The one table on dynalite at `endpoint`. Make it once with `createTable`. */
export const localTable = ({ endpoint, tableName }: LocalTableOptions): Table =>
  dynamoTable(tableName, storeAt(endpoint))

/** Makes the table if it is missing and returns when it can be used. */
export async function createTable({ endpoint, tableName: TableName }: LocalTableOptions): Promise<void> {
  const send = storeAt(endpoint)
  const status = async (): Promise<string | undefined> => {
    try {
      return (await send<{ Table: { TableStatus: string } }>('DescribeTable', { TableName })).Table.TableStatus
    } catch (e) {
      if (e instanceof Error && e.name === 'ResourceNotFoundException') return undefined
      throw e
    }
  }
  if ((await status()) === undefined) {
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
  }
  while ((await status()) !== 'ACTIVE') await new Promise((r) => setTimeout(r, 20))
}
