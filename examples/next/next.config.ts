import type { NextConfig } from 'next'

const config: NextConfig = {
  cacheComponents: true, // as create-next-app sets it
  turbopack: { root: import.meta.dirname },
}

export default config
