/** The table on DynamoDB, through the SDK. */
import {
  DeleteItemCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { Table } from '../../ports/table.ts'
import { decodeOutput, encodeInput } from './attributes.ts'
import { dynamoTable, type Operation, type Output } from './dynamo-table.ts'

export interface AwsTableOptions extends Pick<DynamoDBClientConfig, 'endpoint' | 'region' | 'credentials'> {
  tableName: string
  client?: DynamoDBClient
}

/** A client with enough kept-alive connections for a burst, and short waits: a handler would rather retry than hang. */
const dynamoClient = (options: Omit<AwsTableOptions, 'tableName' | 'client'>): DynamoDBClient =>
  new DynamoDBClient({
    ...options,
    maxAttempts: 4,
    requestHandler: {
      connectionTimeout: 3000,
      requestTimeout: 10_000,
      httpAgent: { keepAlive: true, maxSockets: 128 },
      httpsAgent: { keepAlive: true, maxSockets: 128 },
    },
  })

const commands = {
  GetItem: GetItemCommand,
  PutItem: PutItemCommand,
  UpdateItem: UpdateItemCommand,
  DeleteItem: DeleteItemCommand,
  Query: QueryCommand,
} as unknown as Record<Operation, new (input: never) => GetItemCommand>

/** The one table, on DynamoDB (index name `index`, keys pk/sk and gpk/gsk). */
export function awsTable({ tableName, client, ...options }: AwsTableOptions): Table {
  const db = client ?? dynamoClient(options)
  return dynamoTable(tableName, async (operation, input) => {
    const command = new commands[operation](encodeInput(input) as never)
    return decodeOutput<Output>({ ...(await db.send(command)) })
  })
}
