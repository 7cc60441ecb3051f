import { sqliteBench } from './bench.ts';
import { describeStore } from './contract.ts';

describeStore('SQLite', sqliteBench);
