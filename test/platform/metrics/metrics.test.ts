import { expect, test } from '@jest/globals';
import { createMetrics } from '../../../src/platform/metrics/index.ts';

/** Samples of Sojourn's own metrics, without buckets. */
const samples = (text: string): string[] =>
  text.split('\n').filter((line) => line.startsWith('sojourn_') && !line.includes('_bucket'));

test('requests and exchanges are counted and timed with bounded labels', async () => {
  const metrics = createMetrics();
  const request = { route: '/admin/v1/tenants/:id', method: 'GET', status: 200 };
  const observe = metrics.requestsOf('admin');
  observe({ ...request, seconds: 0.5 });
  observe({ ...request, seconds: 0.25 });
  observe({ ...request, status: 404, seconds: 0.25 });
  metrics.exchange({ cloud: 'aws', outcome: 'ok', seconds: 2 });
  metrics.exchange({ cloud: 'aws', outcome: 'cloud_timeout', seconds: 5 });
  const at = 'listener="admin",route="/admin/v1/tenants/:id",method="GET"';
  expect(samples(await metrics.text())).toEqual([
    `sojourn_http_requests_total{${at},status="200"} 2`,
    `sojourn_http_requests_total{${at},status="404"} 1`,
    `sojourn_http_request_duration_seconds_sum{${at}} 1`,
    `sojourn_http_request_duration_seconds_count{${at}} 3`,
    'sojourn_exchanges_total{cloud="aws",outcome="ok"} 1',
    'sojourn_exchanges_total{cloud="aws",outcome="cloud_timeout"} 1',
    'sojourn_exchange_duration_seconds_sum{cloud="aws"} 7',
    'sojourn_exchange_duration_seconds_count{cloud="aws"} 2',
  ]);
});

test('process metrics have the standard names', async () => {
  const text = await createMetrics().text();
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_p99_seconds',
  ])
    expect(text).toContain(`# TYPE ${name} `);
});

test('two servers in one process have separate metrics', async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.exchange({ cloud: 'gcp', outcome: 'ok', seconds: 1 });
  expect(samples(await other.text())).toEqual([]);
});
