"""Files that hold corner points (拐点坐标, 界址点): the trade's texts, tables and letters."""
