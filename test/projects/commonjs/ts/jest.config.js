module.exports = {
  transform: {
    '/node_modules/.+\\.js$': [
      'babel-jest',
      { plugins: ['@babel/plugin-transform-modules-commonjs'] },
    ],
    '\\.ts$': ['ts-jest', { tsconfig: process.env.TSCONFIG }],
  },
  transformIgnorePatterns: ['/node_modules/(?!(\\.pnpm|silverback|devalue|@noble)/)'],
}
