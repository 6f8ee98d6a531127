import { cookies } from 'next/headers'

export const dynamic = 'force-dynamic'

async function cached() {
  'use cache'
  return globalThis.silverbackTest.render(cookies)
}

export async function GET() {
  return new Response(await cached())
}
