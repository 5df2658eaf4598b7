//! One snapshot as a DataFusion table.

use std::any::Any;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use futures::TryStreamExt;
use platform_lake::{LeadRange, Snapshot};

use crate::lead::{bounds_lead, narrow};

/// A snapshot of a lake's table, read by SQL with the newest write of each key.
#[derive(Clone, Debug)]
pub struct SnapshotTable {
    snapshot: Arc<Snapshot>,
    schema: SchemaRef,
}

impl SnapshotTable {
    /// The table as of `snapshot`.
    pub fn new(snapshot: Arc<Snapshot>) -> Self {
        let schema = without_metadata(snapshot.columns());
        Self { snapshot, schema }
    }

    fn lead(&self) -> &str {
        self.schema.field(0).name()
    }
}

#[async_trait]
impl TableProvider for SnapshotTable {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let pushdown = |filter: &&Expr| match bounds_lead(filter, self.lead()) {
            true => TableProviderFilterPushDown::Inexact,
            false => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(pushdown).collect())
    }

    async fn scan(
        &self,
        _session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut range = LeadRange::default();
        filters
            .iter()
            .for_each(|filter| narrow(&mut range, filter, self.lead()));
        let schema = match projection {
            Some(columns) => Arc::new(self.schema.project(columns)?),
            None => self.schema.clone(),
        };
        let rows = Rows {
            snapshot: self.snapshot.clone(),
            schema: schema.clone(),
            range,
        };
        let plan = StreamingTableExec::try_new(schema, vec![Arc::new(rows)], None, [], false, limit)?;
        Ok(Arc::new(plan))
    }
}

/// The rows a scan gives, read when it is executed.
#[derive(Debug)]
struct Rows {
    snapshot: Arc<Snapshot>,
    schema: SchemaRef,
    range: LeadRange,
}

impl PartitionStream for Rows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (snapshot, schema, range) = (self.snapshot.clone(), self.schema.clone(), self.range.clone());
        let batches = async move {
            let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            let batches = snapshot.scan(&range, &names).await.map_err(external)?;
            // Who counts rows asks for none of their columns.
            let plain = move |batch: RecordBatch| {
                let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
                let columns = batch.columns().to_vec();
                Ok(RecordBatch::try_new_with_options(schema.clone(), columns, &options)?)
            };
            Ok::<_, DataFusionError>(
                batches
                    .map_err(external)
                    .and_then(move |batch| futures::future::ready(plain(batch))),
            )
        };
        let stream = futures::stream::once(batches).try_flatten();
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), stream))
    }
}

fn external(error: platform_lake::LakeError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// Field ids in the metadata are Iceberg's business; DataFusion compares schemas with their metadata.
fn without_metadata(schema: &SchemaRef) -> SchemaRef {
    let plain = |field: &Arc<arrow::datatypes::Field>| field.as_ref().clone().with_metadata(Default::default());
    Arc::new(Schema::new(schema.fields().iter().map(plain).collect::<Vec<_>>()))
}
