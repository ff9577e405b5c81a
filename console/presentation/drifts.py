"""Drifts in words: the line above the list, the rows, and what stands beside the one that is selected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from console.presentation.spans import Line, Span, line
from console.presentation.times import age, ago, clock, when
from console.presentation.words import counted, short_digest
from console.presentation.words import severity as severity_mark
from console.presentation.words import status as status_mark
from console.widgets.columns import Column, Row
from store.clock import parse_timestamp
from store.projections.deployments import DeploymentRow
from store.services.drift_list import Detail, Listed
