"""The county's mineral resources plan (矿产资源总体规划): its numbers, and how registers and pixels stand to them."""
